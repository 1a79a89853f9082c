//! The shells: everything that touches the world. Here are the clocks, the sockets, the store and the random generator;
//! what they bring is handed to the pure cores, and what those want is done. Must decide nothing about calls.

pub mod control_socket;
pub mod large_pages;
pub mod marking;
pub mod precedence;
pub mod recordings;
pub mod reload;
pub mod serve;
pub mod store;
pub mod tls;
pub mod trunks;

mod clips;
mod control_loop;
mod http;
mod listen;
mod media_port;
mod media_thread;
mod overflow;
mod ports;
mod resolver;
mod rtp_socket;
mod sip_tcp;
mod sip_udp;
mod summary;

pub use media_thread::NAME as MEDIA_THREAD;
