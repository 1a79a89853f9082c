//! Kamailio as the provider: registrar and proxy, which wants a proof and keeps itself in the way (Record-Route). It forgets
//! every registration when it is ended. Loopback only.

use super::{Guarded, LOCALHOST, eventually, free_port_pair};
use std::fs;
use std::net::{SocketAddr, UdpSocket};
use std::process::{Command, Stdio};
use std::time::Duration;

/// Who may register, and with what.
pub const USER: &str = "meeting";
pub const PASSWORD: &str = "Sesam öffne dich 4711";
/// How long it may take to be there.
const START_MAX: Duration = Duration::from_secs(20);
/// How long it says that it is away when it refuses, in seconds.
pub const REFUSES_S: u64 = 8;
/// The longest registration that it grants, in seconds.
pub const EXPIRES_MAX_S: u64 = 120;

/// A running Kamailio, or one that was ended and may be started again at the same addresses.
pub struct Kamailio {
    /// Over UDP and TCP.
    pub address: SocketAddr,
    /// Over TLS.
    pub secure: SocketAddr,
    folder: tempfile::TempDir,
    process: Option<Guarded>,
    algorithm: String,
}

impl Kamailio {
    /// Starts it; it proves with this algorithm ("MD5", "SHA-256").
    pub fn start(algorithm: &str) -> Kamailio {
        let folder = tempfile::tempdir().expect("a folder for the test");
        let port = free_port_pair();
        let mut kamailio = Kamailio {
            address: SocketAddr::new(LOCALHOST, port),
            secure: SocketAddr::new(LOCALHOST, port + 1),
            folder,
            process: None,
            algorithm: algorithm.to_owned(),
        };
        kamailio.start_again();
        kamailio
    }

    /// Starts it, and waits until it answers.
    pub fn start_again(&mut self) {
        self.start_so("");
    }

    /// Starts it so that it answers, and refuses to register anybody.
    pub fn start_refusing(&mut self) {
        let refuses = format!(
            "if (is_method(\"REGISTER\")) {{\n        xlog(\"L_ERR\", \"refused a registration\\n\");\n        \
             append_to_reply(\"Retry-After: {REFUSES_S}\\r\\n\");\n        \
             sl_send_reply(\"503\", \"Maintenance\");\n        exit;\n    }}"
        );
        self.start_so(&refuses);
    }

    fn start_so(&mut self, before: &str) {
        let here = self.folder.path();
        let settings = settings((self.address, self.secure), &self.algorithm, before);
        fs::write(here.join("kamailio.cfg"), settings).expect("the folder is ours");
        let log = fs::File::options()
            .create(true)
            .append(true)
            .open(here.join("log"))
            .expect("the folder is ours");
        let child = Command::new("kamailio")
            .args(["-DD", "-m", "16", "-M", "4", "-f"])
            .arg(here.join("kamailio.cfg"))
            .arg("-Y")
            .arg(here)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("kamailio is installed");
        self.process = Some(Guarded(child));
        assert!(
            eventually(START_MAX, || self.answers()),
            "kamailio does not answer:\n{}",
            self.log()
        );
    }

    /// Ends it, whatever it is doing.
    pub fn end(&mut self) {
        self.process = None;
    }

    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    fn answers(&self) -> bool {
        let socket = UdpSocket::bind((LOCALHOST, 0)).expect("a socket");
        let own = socket.local_addr().expect("bound");
        let ask = format!(
            "OPTIONS sip:{to} SIP/2.0\r\nVia: SIP/2.0/UDP {own};rport;branch=z9hG4bKup\r\nMax-Forwards: 70\r\n\
             From: <sip:test@{own}>;tag=1\r\nTo: <sip:{to}>\r\nCall-ID: up\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n",
            to = self.address
        );
        let mut buffer = [0; 2_048];
        socket.set_read_timeout(Some(Duration::from_millis(200))).is_ok()
            && socket.send_to(ask.as_bytes(), self.address).is_ok()
            && socket.recv(&mut buffer).is_ok()
    }
}

fn settings((address, secure): (SocketAddr, SocketAddr), algorithm: &str, before: &str) -> String {
    let modules = [
        "tls",
        "tm",
        "sl",
        "rr",
        "pv",
        "textops",
        "siputils",
        "usrloc",
        "registrar",
        "nathelper",
        "auth",
        "xlog",
    ];
    let load: String = modules
        .map(|module| format!("loadmodule \"{module}.so\"\n"))
        .concat();
    let files = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/tls");
    format!(
        r#"#!KAMAILIO
debug=1
log_stderror=yes
children=1
tcp_children=1
enable_tls=yes
auto_aliases=no
alias="pbx.example"
listen=udp:{address}
listen=tcp:{address}
listen=tls:{secure}
tcp_connection_lifetime=600
{load}
modparam("tls", "tls_method", "TLSv1.2+")
modparam("tls", "certificate", "{files}/pbx.pem")
modparam("tls", "private_key", "{files}/pbx.key")
modparam("usrloc", "db_mode", 0)
modparam("nathelper|registrar", "received_avp", "$avp(received)")
modparam("auth", "algorithm", "{algorithm}")
modparam("auth", "nonce_count", 1)
modparam("auth", "qop", "auth")
modparam("registrar", "max_expires", {EXPIRES_MAX_S})
request_route {{
    {before}
    if (is_method("OPTIONS") && !has_totag()) {{ sl_send_reply("200", "OK"); exit; }}
    if (has_totag()) {{
        if (loose_route()) {{ handle_ruri_alias(); t_relay(); exit; }}
        if (is_method("ACK")) {{ if (t_check_trans()) {{ t_relay(); }} exit; }}
        sl_send_reply("404", "Not Here");
        exit;
    }}
    if (is_method("CANCEL")) {{ if (t_check_trans()) {{ t_relay(); }} exit; }}
    if (is_method("REGISTER")) {{
        if (!pv_auth_check("$fd", "{PASSWORD}", "0", "0")) {{ auth_challenge("$fd", "1"); exit; }}
        # Whoever came over TLS is reached by the connection that it opened.
        if (proto == TLS) {{ fix_nated_register(); }}
        save("location");
        exit;
    }}
    record_route();
    if (!lookup("location")) {{ sl_send_reply("404", "Nobody Registered"); exit; }}
    t_on_reply("connection");
    t_relay();
}}
# Whoever answers over TLS is reached by that connection for the rest of the call, as in Kamailio's own settings for NAT.
onreply_route[connection] {{
    if (proto == TLS) {{ add_contact_alias(); }}
}}
"#
    )
}
