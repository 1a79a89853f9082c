//! The organiser and the operator at the keyboard: the real program, its exit codes, and what it prints where.

mod desk;

use desk::{Desk, stderr, text};
use rundruf::config::Config;
use rundruf::ids::{Language, RoomNumber};
use rundruf::io::control_socket::{Ask, ControlSocket, Reply, Request};
use rundruf::io::store::{NewBooking, PinChoice, Store};
use serde_json::Value;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Stdio;
use tokio::sync::mpsc;

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("it is there").permissions().mode() & 0o7777
}

#[test]
fn a_room_is_booked_listed_shown_and_cancelled() {
    let desk = Desk::new();
    let booked = desk.json(&[
        "room",
        "book",
        "Dienstagsrunde",
        "--seats",
        "8",
        "--until",
        "2999-12-31",
    ]);
    let room = text(&booked, "room").to_owned();
    assert!(RoomNumber::parse(&room).is_some());
    assert_eq!(text(&booked, "pin").len(), 6);
    assert_eq!(
        (&booked["seats"], text(&booked, "language")),
        (&Value::from(8), "de")
    );
    assert_eq!(text(&booked, "expires"), "2999-12-31T23:00:00Z");

    let listed = desk.json(&["room", "list"]);
    assert_eq!(listed.as_array().map(Vec::len), Some(1));
    assert_eq!(
        (text(&listed[0], "room"), text(&listed[0], "name")),
        (&*room, "Dienstagsrunde")
    );
    assert_eq!(
        (listed[0].get("pin"), &listed[0]["has_pin"]),
        (None, &Value::from(true))
    );
    assert!(desk.good(&["room", "list"]).contains("Dienstagsrunde"));

    let (front, back) = room.split_at(3);
    assert_eq!(desk.json(&["room", "show", front, back]), booked);
    assert!(
        desk.good(&["room", "show", &format!("{front}-{back}")])
            .contains("2999-12-31")
    );

    let cancelled = desk.json(&["room", "cancel", &room]);
    assert_eq!(
        (text(&cancelled, "room"), text(&cancelled, "bridge")),
        (&*room, "not_told")
    );
    assert_eq!(desk.json(&["room", "list"]), Value::Array(vec![]));
    for command in ["show", "cancel"] {
        assert!(desk.refused(&["room", command, &room]).contains("room list"));
    }
}

#[test]
fn the_invitation_alone_is_on_standard_output() {
    let desk = Desk::new();
    fs::write(desk.dir.path().join("bridge.toml"), "sip.number = '030 123456'").expect("written");
    let output = desk.run(&["room", "book", "Runde", "--pin", "493817"]);
    let (invitation, remarks) = (String::from_utf8_lossy(&output.stdout), stderr(&output));
    assert!(
        invitation.starts_with("Einladung") && invitation.contains("030 123456"),
        "{invitation}"
    );
    assert!(
        invitation.contains("493 817") && invitation.contains("\n4. "),
        "{invitation}"
    );
    assert!(
        remarks.contains("Booked: room") && !remarks.contains("sip.number"),
        "{remarks}"
    );

    fs::remove_file(desk.dir.path().join("bridge.toml")).expect("own file");
    let output = desk.run(&["room", "book"]);
    assert!(String::from_utf8_lossy(&output.stdout).contains("(die Rufnummer Ihrer Telefonanlage)"));
    assert!(stderr(&output).contains("sip.number"));
}

#[test]
fn pins_are_drawn_chosen_or_left_out() {
    let desk = Desk::new();
    assert_eq!(desk.json(&["room", "book", "--pin", "none"])["pin"], Value::Null);
    assert_eq!(
        text(&desk.json(&["room", "book", "--pin", "7305"]), "pin"),
        "7305"
    );
    assert_eq!(
        text(&desk.json(&["room", "book", "--pin", "auto"]), "pin").len(),
        6
    );
    for weak in ["123456", "7777", "987654"] {
        let told = desk.refused(&["room", "book", "--pin", weak]);
        assert!(told.contains("easily guessed") && !told.contains(weak), "{told}");
    }
    for odd in ["730", "73051968421", "73O5", "secret"] {
        let told = desk.refused(&["room", "book", "--pin", odd]);
        assert!(told.contains("4 to 10 digits") && !told.contains(odd), "{told}");
    }
}

#[test]
fn refusals_name_the_remedy() {
    let desk = Desk::new();
    assert!(desk.refused(&["room", "list"]).contains("room book"));
    assert!(!desk.data().exists(), "a mistyped folder is not created");
    assert!(
        desk.refused(&["room", "book", "--until", "2020-01-01"])
            .contains("in the past")
    );
    assert!(
        desk.refused(&["room", "book", "--until", "31.12.2999"])
            .contains("YYYY-MM-DD")
    );
    assert!(
        desk.refused(&["room", "book", "--seats", "2001"])
            .contains("choose 1 to 2000")
    );
    assert!(
        desk.refused(&["room", "book", &"x".repeat(61)])
            .contains("at most 60 characters")
    );
    assert!(desk.refused(&["room", "show", "1234567"]).contains("room list"));
    assert!(
        desk.refused(&["room", "list", "--config", "none.toml"])
            .contains("--config FILE")
    );
    let told = desk.refused(&["status"]);
    assert!(
        told.contains("no bridge is running") && told.contains("rundruf serve --data data"),
        "{told}"
    );
}

#[test]
fn a_wrong_command_line_ends_with_code_2() {
    let desk = Desk::new();
    for wrong in [
        &["room"][..],
        &["room", "book", "--seats", "many"],
        &["room", "show"],
        &["rooms", "list"],
    ] {
        assert_eq!(desk.run(wrong).status.code(), Some(2), "{wrong:?}");
    }
}

#[test]
fn data_folder_and_key_are_their_owners_only() {
    let desk = Desk::new();
    desk.good(&["room", "book"]);
    assert_eq!(
        (mode(&desk.data()), mode(&desk.data().join("rundruf.key"))),
        (0o700, 0o600)
    );
    assert_eq!(mode(&desk.data().join("rundruf.db")), 0o600);
    fs::set_permissions(desk.data().join("rundruf.key"), fs::Permissions::from_mode(0o644))
        .expect("own file");
    assert!(desk.refused(&["room", "list"]).contains("chmod 600"));
}

#[test]
fn a_booking_that_was_printed_survives_kills_around_it() {
    let desk = Desk::new();
    let mut printed = Vec::new();
    for round in 0..12 {
        let arguments = ["room", "book", "--json"];
        let mut command = desk.command(&arguments);
        let mut child = command
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program starts");
        if round % 3 == 0 {
            let _ = child.kill();
        }
        let output = child.wait_with_output().expect("it ended");
        printed.extend(serde_json::from_slice::<Value>(&output.stdout));
    }
    assert!(printed.len() >= 8);
    for booked in printed {
        assert_eq!(desk.json(&["room", "show", text(&booked, "room")]), booked);
    }
}

#[test]
fn check_says_what_is_good_and_fails_on_what_is_missing() {
    let desk = Desk::new();
    desk.good(&["room", "book"]);
    let settings = "sip = { listen = '127.0.0.1:45060', number = '030 1' }\nrtp.ports = '45100-45999'\n";
    fs::write(desk.dir.path().join("bridge.toml"), settings).expect("written");
    let report = desk.json(&["check"]);
    assert_eq!(report["good"], Value::from(true));
    let subjects: Vec<_> = report["findings"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|f| text(f, "subject"))
        .collect();
    assert_eq!(
        subjects,
        [
            "settings",
            "data",
            "rooms",
            "SIP",
            "RTP",
            "trunks",
            "number",
            "descriptors",
            "prompts",
            "clock",
            "neighbours",
            "marks",
            "marks",
            "precedence",
            "throttle"
        ]
    );
    assert!(desk.good(&["check"]).ends_with("The bridge can run.\n"));

    fs::write(
        desk.dir.path().join("bridge.toml"),
        "rtp.ports = '9-1'\ncalls.max = 0\n",
    )
    .expect("written");
    let output = desk.run(&["check"]);
    let told = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        told.contains("rtp.ports = \"9-1\"") && told.contains("calls.max = 0"),
        "{told}"
    );
}

fn new_room() -> NewBooking {
    let config = Config::default();
    let (seats, language) = (config.rooms.seats, Language::De);
    NewBooking {
        direct: None,
        name: None,
        pin: PinChoice::Drawn,
        leader_pin: PinChoice::Without,
        seats,
        language,
        echo: true,
        expires: None,
    }
}

#[tokio::test]
async fn a_running_bridge_sees_bookings_at_once_while_many_write() {
    let desk = Desk::new();
    let bridge = Store::open(&desk.data()).await.expect("opened");
    let children: Vec<_> = (0..6)
        .map(|_| {
            let mut command = desk.command(&["room", "book", "--json"]);
            command
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .expect("the program starts")
        })
        .collect();
    for _ in 0..6 {
        bridge.book(&new_room()).await.expect("booked beside the others");
    }
    for child in children {
        let output = child.wait_with_output().expect("it ended");
        let booked: Value =
            serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", stderr(&output)));
        let number = RoomNumber::parse(text(&booked, "room")).expect("a room number");
        let found = bridge
            .find(number)
            .await
            .expect("looked up")
            .expect("seen at once");
        assert_eq!(found.pin.as_ref().map(|pin| pin.reveal()), booked["pin"].as_str());
        assert!(
            desk.json(&["room", "cancel", &number.to_string()])["cancelled"]
                .as_bool()
                .unwrap_or(false)
        );
        assert_eq!(bridge.find(number).await.expect("looked up"), None);
    }
    assert_eq!(bridge.list().await.expect("listed").len(), 6);
}

/// Replies to three requests and hands them back.
async fn three_requests(mut asked: mpsc::Receiver<Ask>) -> Vec<Request> {
    let mut seen = Vec::new();
    while seen.len() < 3 {
        let Some(Ask { request, reply }) = asked.recv().await else {
            break;
        };
        let answer = match &request {
            Request::Status => Reply::Status(Default::default()),
            _ => Reply::Done,
        };
        seen.push(request);
        let _ = reply.send(answer);
    }
    seen
}

#[tokio::test]
async fn a_running_bridge_is_told_of_a_cancelled_room_and_asked_for_its_status() {
    let desk = Desk::new();
    let room = text(&desk.json(&["room", "book"]), "room").to_owned();
    let (asks, asked) = mpsc::channel::<Ask>(4);
    let socket = ControlSocket::bind(&desk.data()).expect("bound");
    let server = tokio::spawn(socket.serve(asks));
    let control = tokio::spawn(three_requests(asked));
    let commands = tokio::task::spawn_blocking(move || {
        assert_eq!(desk.json(&["status"])["in_rooms"], Value::from(0));
        assert!(desk.good(&["status"]).contains("Calls in reception"));
        assert_eq!(text(&desk.json(&["room", "cancel", &room]), "bridge"), "told");
        (desk, RoomNumber::parse(&room).expect("a room number"))
    });
    let (desk, room) = commands.await.expect("no panic");
    let seen = control.await.expect("no panic");
    assert_eq!(
        seen,
        [Request::Status, Request::Status, Request::RoomCancelled { room }]
    );
    server.await.expect("it ends with the control loop");
    assert!(desk.refused(&["status"]).contains("no bridge is running"));
}
