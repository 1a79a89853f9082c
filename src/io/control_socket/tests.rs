use super::*;
use crate::bridge::status::RoomStatus;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use tempfile::TempDir;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

fn folder() -> TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

fn room() -> RoomNumber {
    RoomNumber::nth(23_456).expect("in range")
}

fn status() -> Status {
    let rooms = vec![RoomStatus {
        room: room().to_string(),
        count: 3,
        seats: 8,
        lets_echo: false,
    }];
    Status {
        uptime_s: 7,
        in_rooms: 3,
        rooms,
        ..Status::default()
    }
}

/// A bridge that answers every request as told.
fn bridge(data: &Path, answer: impl Fn(Request) -> Option<Reply> + Send + 'static) -> JoinHandle<()> {
    let socket = ControlSocket::bind(data).expect("bound");
    let (asks, mut asked) = mpsc::channel::<Ask>(4);
    let server = tokio::spawn(socket.serve(asks));
    tokio::spawn(async move {
        while let Some(Ask { request, reply }) = asked.recv().await {
            if let Some(answer) = answer(request) {
                let _ = reply.send(answer);
            }
        }
        drop(asked);
        let _ = server.await;
    })
}

async fn ask_from_a_command(data: &Path, request: Request) -> Result<Reply, ControlError> {
    let data = data.to_owned();
    tokio::task::spawn_blocking(move || ask(&data, &request))
        .await
        .expect("no panic")
}

/// Sends `bytes` as they are, and reads what comes back.
async fn send(data: &Path, bytes: Vec<u8>) -> String {
    let path = socket_path(data);
    let talk = move || {
        let mut stream = UnixStream::connect(path).expect("connected");
        let _ = stream.write_all(&bytes);
        let _ = stream.shutdown(std::net::Shutdown::Write);
        let mut line = String::new();
        let _ = BufReader::new(stream).read_line(&mut line);
        line
    };
    tokio::task::spawn_blocking(talk).await.expect("no panic")
}

#[tokio::test]
async fn a_command_asks_and_the_bridge_replies() {
    let dir = folder();
    let _bridge = bridge(dir.path(), |request| {
        Some(match request {
            Request::Status => Reply::Status(Box::new(status())),
            Request::RoomCancelled { room: cancelled } if cancelled == room() => Reply::Done,
            Request::RoomCancelled { .. } => Reply::Refused {
                why: "another room".into(),
            },
            Request::Drain { minutes } => Reply::Draining {
                calls: minutes as usize,
            },
            Request::DrainStop | Request::Reload | Request::RoomChanged { .. } => Reply::Done,
        })
    });
    let replied = ask_from_a_command(dir.path(), Request::Status).await;
    assert_eq!(replied.expect("a reply"), Reply::Status(Box::new(status())));
    let replied = ask_from_a_command(dir.path(), Request::RoomCancelled { room: room() }).await;
    assert_eq!(replied.expect("a reply"), Reply::Done);
}

#[test]
fn the_lines_are_as_written_down() {
    let asked = serde_json::to_string(&Request::RoomCancelled { room: room() }).expect("JSON");
    assert_eq!(
        asked,
        format!("{{\"ask\":\"room_cancelled\",\"room\":\"{}\"}}", room())
    );
    let replied = serde_json::to_string(&Reply::Done).expect("JSON");
    assert_eq!(replied, "{\"reply\":\"done\"}");
}

#[tokio::test]
async fn the_socket_is_its_owners_only() {
    let dir = folder();
    let _socket = ControlSocket::bind(dir.path()).expect("bound");
    let mode = fs::metadata(socket_path(dir.path()))
        .expect("it is there")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[tokio::test]
async fn a_dead_bridges_socket_is_replaced_and_a_living_ones_is_not() {
    let dir = folder();
    drop(std::os::unix::net::UnixListener::bind(socket_path(dir.path())).expect("left behind"));
    assert!(matches!(
        ask(dir.path(), &Request::Status),
        Err(ControlError::NotRunning { .. })
    ));
    let socket = ControlSocket::bind(dir.path()).expect("replaced");
    let refused = ControlSocket::bind(dir.path())
        .expect_err("one bridge a folder")
        .to_string();
    assert!(refused.contains("already running"), "{refused}");
    drop(socket);
    assert!(!socket_path(dir.path()).exists());
    ControlSocket::bind(dir.path()).expect("free again");
}

#[tokio::test]
async fn without_a_bridge_the_command_says_how_to_start_it() {
    let dir = folder();
    let text = ask(dir.path(), &Request::Status)
        .expect_err("nobody there")
        .to_string();
    let remedy = format!("start it with `rundruf serve --data {}`", dir.path().display());
    assert!(
        text.contains("no bridge is running on") && text.contains(&remedy),
        "{text}"
    );
}

#[tokio::test]
async fn nonsense_and_endless_requests_are_refused_and_the_bridge_lives_on() {
    let dir = folder();
    let _bridge = bridge(dir.path(), |_| Some(Reply::Done));
    let bad_room = b"{\"ask\":\"room_cancelled\",\"room\":\"1234567\"}\n".to_vec();
    for nonsense in [
        b"hello\n".to_vec(),
        bad_room,
        b"{\"ask\":\"status\"}".to_vec(),
        vec![b' '; REQUEST_BYTES_MAX + 9],
    ] {
        let replied = send(dir.path(), nonsense).await;
        // The endless one may find the line closed before it is through with writing.
        assert!(
            replied.is_empty() || replied.contains("\"reply\":\"refused\""),
            "{replied}"
        );
    }
    let replied = ask_from_a_command(dir.path(), Request::Status).await;
    assert_eq!(replied.expect("a reply"), Reply::Done);
}

#[tokio::test]
async fn a_control_loop_that_drops_the_question_refuses_it() {
    let dir = folder();
    let _bridge = bridge(dir.path(), |_| None);
    let replied = ask_from_a_command(dir.path(), Request::Status)
        .await
        .expect("a reply");
    assert!(matches!(replied, Reply::Refused { .. }));
}

#[tokio::test]
async fn the_seventeenth_command_is_turned_away_until_one_leaves() {
    let dir = folder();
    let _bridge = bridge(dir.path(), |_| Some(Reply::Done));
    let path = socket_path(dir.path());
    let mut idle: Vec<_> = (0..CONNECTIONS_MAX)
        .map(|_| UnixStream::connect(&path).expect("connected"))
        .collect();
    let replied = ask_from_a_command(dir.path(), Request::Status)
        .await
        .expect("a reply");
    assert!(matches!(replied, Reply::Refused { why } if why.contains("too many commands")));
    let mut leaving = idle.pop().expect("sixteen");
    leaving.write_all(b"{\"ask\":\"status\"}\n").expect("written");
    let done = tokio::task::spawn_blocking(move || {
        let mut line = String::new();
        leaving.read_to_string(&mut line).map(|_| line)
    });
    assert!(done.await.expect("no panic").expect("read").contains("done"));
    let replied = ask_from_a_command(dir.path(), Request::Status).await;
    assert_eq!(replied.expect("a reply"), Reply::Done);
}

#[tokio::test]
async fn the_socket_goes_with_the_control_loop() {
    let dir = folder();
    let socket = ControlSocket::bind(dir.path()).expect("bound");
    let (asks, asked) = mpsc::channel(4);
    let server = tokio::spawn(socket.serve(asks));
    drop(asked);
    server.await.expect("no panic");
    assert!(!socket_path(dir.path()).exists());
}
