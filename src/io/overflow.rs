//! What the kernel throws away of SIP because a socket's buffer is full. It says so in a table of all UDP sockets, which is
//! read when somebody asks. Must never be read on the way of a message.

use std::fs;
use std::net::{IpAddr, SocketAddr};

const TABLES: [&str; 2] = ["/proc/self/net/udp", "/proc/self/net/udp6"];
/// The column of a socket's own address, and, as the last one, that of what was thrown away.
const ADDRESS: usize = 1;

/// Datagrams that were thrown away at `sockets`; none where the kernel does not tell.
pub fn of(sockets: &[SocketAddr]) -> u64 {
    let names: Vec<String> = sockets.iter().map(name).collect();
    let tables = TABLES.iter().filter_map(|table| fs::read_to_string(table).ok());
    tables.map(|table| counted(&table, &names)).sum()
}

fn counted(table: &str, names: &[String]) -> u64 {
    let ours = |line: &&str| {
        let address = line.split_whitespace().nth(ADDRESS);
        address.is_some_and(|address| names.iter().any(|name| name == address))
    };
    let dropped = |line: &str| line.split_whitespace().last()?.parse::<u64>().ok();
    table.lines().filter(ours).filter_map(dropped).sum()
}

/// An address as the table writes it: words of 32 bits in the order of this machine.
fn name(socket: &SocketAddr) -> String {
    let word = |bytes: &[u8]| {
        let mut four = [0; 4];
        four.copy_from_slice(bytes);
        format!("{:08X}", u32::from_ne_bytes(four))
    };
    let address: String = match socket.ip() {
        IpAddr::V4(v4) => word(&v4.octets()),
        IpAddr::V6(v6) => v6.octets().chunks_exact(4).map(word).collect(),
    };
    format!("{address}:{:04X}", socket.port())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Dscp;
    use crate::io::listen;
    use rustix::net::sockopt;

    #[test]
    fn a_socket_is_found_by_its_address_and_the_last_column_counts() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops\n\
             \x20 12: 0100007F:13E2 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 7 2 0 42\n\
             \x20 13: 0100007F:13E4 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 8 2 0 5\n";
        let names = [format!("{:08X}:13E2", u32::from_ne_bytes([127, 0, 0, 1]))];
        let little_endian = cfg!(target_endian = "little");
        assert_eq!(counted(table, &names), if little_endian { 42 } else { 0 });
        assert_eq!(counted(table, &[]), 0);
    }

    #[test]
    fn what_does_not_fit_into_the_buffer_is_counted_on_both_families() {
        for host in ["127.0.0.1:0", "[::1]:0"] {
            let socket =
                listen::udp(host.parse().expect("an address"), Dscp::default()).expect("a free port");
            sockopt::set_socket_recv_buffer_size(&socket, 4_096)
                .expect("the kernel takes the least that it can");
            let own = socket.local_addr().expect("bound");
            assert_eq!(of(&[own]), 0);
            let sender =
                listen::udp(host.parse().expect("an address"), Dscp::default()).expect("a free port");
            for _ in 0..100 {
                sender.send_to(&[0; 1_000], own).expect("loopback");
            }
            let mut kept = 0;
            while socket.recv_from(&mut [0; 1_000]).is_ok() {
                kept += 1;
            }
            assert_eq!(of(&[own]), 100 - kept);
        }
    }
}
