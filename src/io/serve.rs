//! A running bridge, from its settings to its end.

use super::control_loop::ControlLoop;
use super::control_socket::ControlSocket;
use super::media_port::MediaPort;
use super::ports::Ports;
use super::sip_tcp::SipTcp;
use super::sip_udp::SipUdp;
use super::store::Store;
use super::{clips, media_thread};
use crate::bridge::Bridge;
use crate::config::Config;
pub use crate::sip::CONNECTIONS_MAX;
use crate::sip::{Listen, UaConfig, UserAgent};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

/// Commands that wait for the control loop at most.
const ASKS: usize = 16;

/// Runs a bridge until SIGTERM or SIGINT. Blocks.
pub fn run(config: &Config) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(serve(config))
}

async fn serve(config: &Config) -> anyhow::Result<()> {
    raise_descriptor_limit();
    let store = Store::open(&config.store.data).await?;
    let control = ControlSocket::bind(&config.store.data)?;
    let udp = SipUdp::bind(&config.sip.listen)?;
    let tcp = SipTcp::bind(&config.sip.listen)?;
    let seats = config.calls.max as usize;
    let (thread, rings) =
        media_thread::start(seats, Arc::new(clips::load(config.prompts.folder.as_deref())?))?;
    let ports = Ports::new(config.rtp.ports);
    let agent = UaConfig {
        listens: listens(config),
        served: config.sip.trunks.clone(),
        calls_max: seats,
    };
    let bridge = Bridge::new(UserAgent::new(agent, Box::new(random)), config.rooms.language);
    let media = MediaPort::new(thread, rings, ports, seats);
    let (ask, asks) = mpsc::channel(ASKS);
    let commands = tokio::spawn(control.serve(ask));
    let (mut term, mut int) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let stop = async move {
        tokio::select! {
            _ = term.recv() => {}
            _ = int.recv() => {}
        }
    };
    tracing::info!(
        listen = ?config.sip.listen,
        trunks = config.sip.trunks.len(),
        rtp_ports = %config.rtp.ports,
        calls_max = seats,
        "the bridge is open"
    );
    ControlLoop::new(bridge, media, udp, tcp, store.clone(), asks)
        .run(stop)
        .await;
    commands.abort();
    commands.await.ok();
    store.close().await;
    tracing::info!("the bridge is closed");
    Ok(())
}

/// Our sockets, and what callers are told instead.
fn listens(config: &Config) -> Vec<Listen> {
    let listen = |socket: &SocketAddr| Listen {
        socket: *socket,
        shown: SocketAddr::new(config.sip.shown_ip(socket.ip()), socket.port()),
    };
    config.sip.listen.iter().map(listen).collect()
}

/// Each call takes two descriptors: as many as the system allows, instead of the usual 1,024.
fn raise_descriptor_limit() {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    if let Err(error) = setrlimit(Resource::Nofile, raised) {
        tracing::warn!(%error, "the descriptor limit stays as it is; `rundruf check` says whether it is enough");
    }
}

/// 64 bits of the operating system's generator.
pub fn random() -> u64 {
    getrandom::u64().expect("the operating system's generator answered when the store's key was read")
}
