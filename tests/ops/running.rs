//! What the operator can see and change while the bridge runs: figures, health, settings, the log.

use crate::support::{Bridge, Phone, eventually};
use rundruf::io::store::DATABASE_FILE;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions, Connection};
use std::io::{Read, Write};
use std::net::{TcpStream, UdpSocket};

/// A figure of the metrics page.
fn figure(bridge: &Bridge, name: &str) -> Option<f64> {
    let (_, text) = bridge.page("/metrics");
    let line = text.lines().find(|line| line.starts_with(name))?;
    line.rsplit(' ').next()?.parse().ok()
}

#[test]
fn figures_and_health_are_served_and_tell_no_one_apart() {
    let bridge = Bridge::start("");
    // A machine that is busy with its start may make the store wait.
    eventually("the bridge is well", || {
        (bridge.page("/health") == (200, "ok\n".to_owned())).then_some(())
    });
    let (phone, _) = Phone::call(&bridge, "0301234567");
    eventually("the call is counted", || {
        (figure(&bridge, "rundruf_calls{place=\"reception\"}")? == 1.0).then_some(())
    });
    let (code, text) = bridge.page("/metrics");
    assert_eq!(code, 200);
    assert!(text.ends_with("# EOF\n") && text.contains("rundruf_refused_total{reason=\"unserved\"} 0"));
    assert!(!text.contains("0301234567") && !text.contains("sip:"), "{text}");
    assert_eq!(figure(&bridge, "rundruf_calls_limit"), Some(8.0));
    assert_eq!(bridge.page("/elsewhere").0, 404);
    phone.hang_up();
}

#[test]
fn a_trunk_without_registration_is_asked_whether_it_is_there_and_shown() {
    let pbx = UdpSocket::bind("127.0.0.1:0").expect("a port");
    let port = pbx.local_addr().expect("bound").port();
    let bridge = Bridge::start(&format!(
        "[[trunk]]\nname = 'pbx'\ndomain = '127.0.0.1:{port}'\nregister = false"
    ));
    let mut buffer = [0; 2_048];
    let (len, from) = pbx.recv_from(&mut buffer).expect("asked");
    let asked = String::from_utf8_lossy(&buffer[..len]).into_owned();
    assert!(
        asked.starts_with(&format!("OPTIONS sip:127.0.0.1:{port} SIP/2.0\r\n")),
        "{asked}"
    );
    assert_eq!(from.port(), bridge.sip);
    let name = "rundruf_trunk_registered{trunk=\"pbx\"}";
    assert_eq!(figure(&bridge, name), Some(0.0));
    let copied = asked.lines().filter(|line| {
        let field = line.split(':').next().unwrap_or_default();
        ["Via", "From", "To", "Call-ID", "CSeq"].contains(&field)
    });
    let copied = copied.collect::<Vec<_>>().join("\r\n");
    let answer = format!("SIP/2.0 404 Not Found\r\n{copied}\r\nContent-Length: 0\r\n\r\n");
    pbx.send_to(answer.as_bytes(), from).expect("sent");
    eventually("the trunk answers", || {
        (figure(&bridge, name)? == 1.0).then_some(())
    });
    assert!(bridge.log().contains("the trunk answers"), "{}", bridge.log());
}

#[test]
fn a_visitor_who_says_nothing_does_not_keep_others_out() {
    let bridge = Bridge::start("");
    let mut silent: Vec<_> = (0..8)
        .map(|_| TcpStream::connect(("127.0.0.1", bridge.http)).expect("connected"))
        .collect();
    silent[0].write_all(b"GET /hea").expect("written");
    // Every seat is taken: the next one waits until the silent ones are shown out.
    assert_eq!(bridge.page("/metrics").0, 200);
    let mut rest = String::new();
    // Closed or reset, but over.
    let _ = silent[0].read_to_string(&mut rest);
    assert!(!rest.contains("200 OK"), "{rest}");
}

#[test]
fn a_store_that_is_gone_is_told_by_the_health_page() {
    let bridge = Bridge::start("");
    let database = bridge.settings_file().with_file_name("data").join(DATABASE_FILE);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let options = SqliteConnectOptions::new().filename(database);
        let mut connection = options.connect().await.expect("opened");
        sqlx::query("DROP TABLE rooms")
            .execute(&mut connection)
            .await
            .expect("dropped");
        connection.close().await.expect("closed");
    });
    let text = eventually("the store fails", || {
        let (code, text) = bridge.page("/health");
        (code == 503).then_some(text)
    });
    assert!(text.contains("the store does not answer"), "{text}");
}

#[test]
fn a_reload_takes_over_what_can_be_and_no_call_notices() {
    let bridge = Bridge::start("");
    let (standing, _) = Phone::call(&bridge, "standing");
    bridge.edit("'127.0.0.1'] }", "'127.0.0.1', '192.0.2.0/24'] }");
    bridge.edit("calls.max = 8", "calls.max = 9");
    let said = bridge.good(&["reload"]);
    assert!(said.contains("In effect now: sip.trunks"), "{said}");
    assert!(said.contains("restart") && said.contains("calls.max"), "{said}");
    let (next, answer) = Phone::call(&bridge, "next");
    assert!(answer.starts_with("SIP/2.0 200"), "{answer}");
    standing.hang_up();
    next.hang_up();
}

#[test]
fn a_broken_file_keeps_the_old_settings_and_says_so() {
    let bridge = Bridge::start("");
    bridge.edit("calls.max = 8", "calls.max = 0");
    bridge.signal("HUP");
    eventually("the log names the fault", || {
        let log = bridge.log();
        (log.contains("could not be read again") && log.contains("calls.max = 0")).then_some(())
    });
    let (phone, answer) = Phone::call(&bridge, "caller");
    assert!(answer.starts_with("SIP/2.0 200"), "{answer}");
    phone.hang_up();
}

#[test]
fn sighup_changes_who_is_served_and_what_is_logged() {
    let bridge = Bridge::start("");
    bridge.edit("'127.0.0.1'] }", "'192.0.2.1'] }\nlog.filter = 'warn'");
    bridge.signal("HUP");
    let stranger = std::net::UdpSocket::bind("127.0.0.1:0").expect("a port");
    eventually("this machine is no longer served", || {
        stranger
            .send_to(b"OPTIONS", ("127.0.0.1", bridge.sip))
            .expect("sent");
        (bridge.status()["refused"]["unserved"].as_u64()? > 0).then_some(())
    });
    let before = bridge.log().lines().count();
    bridge.good(&["reload"]);
    assert_eq!(
        bridge.log().lines().count(),
        before,
        "a line of level info: {}",
        bridge.log()
    );
}

#[test]
fn json_logs_are_one_object_a_line() {
    let mut bridge = Bridge::start("log.format = 'json'");
    let (phone, _) = Phone::call(&bridge, "0301234567");
    phone.hang_up();
    bridge.signal("TERM");
    assert_eq!(bridge.ended().code(), Some(0));
    let log = bridge.log();
    let lines: Vec<serde_json::Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).expect("a JSON object"))
        .collect();
    let said = |wanted: &str| lines.iter().find(|line| line["message"] == wanted);
    let call = said("a call has come").expect("the call is logged");
    assert!(call["leg"].is_u64() && call["level"] == "INFO" && call["timestamp"].is_string());
    assert!(said("the bridge is closed").is_some());
    assert!(!log.contains("0301234567"), "{log}");
}

#[test]
fn check_explains_every_setting_of_a_running_bridge() {
    let bridge = Bridge::start("");
    let text = bridge.good(&["check"]);
    for wanted in [
        "calls.max = 8",
        "held by the running bridge",
        "precedence",
        "descriptors",
        "clock",
    ] {
        assert!(text.contains(wanted), "{wanted}: {text}");
    }
}
