//! The organiser at the keyboard: leaders, PINs that change, both languages, and the group's calendars.

mod desk;

use desk::{Desk, stderr, text};
use rundruf::ids::Language;
use rundruf::ids::RoomNumber;
use rundruf::io::store::Store;
use serde_json::Value;
use std::fs;

/// A room that is booked, and its number.
fn booked(desk: &Desk, more: &[&str]) -> (Value, String) {
    let booked = desk.json(&[&["room", "book", "Runde"], more].concat());
    let room = text(&booked, "room").to_owned();
    (booked, room)
}

#[test]
fn a_leader_gets_a_pin_and_a_sheet_of_their_own() {
    let desk = Desk::new();
    let (room, number) = booked(&desk, &["--leader-pin", "auto", "--pin", "493817"]);
    let leader = text(&room, "leader_pin");
    assert_eq!((leader.len(), &room["has_leader_pin"]), (6, &Value::from(true)));
    assert_ne!(leader, "493817");
    let spoken = format!("{} {}", &leader[..3], &leader[3..]);
    let sheets = desk.good(&["room", "show", &number, "--invitation"]);
    let (members, own) = sheets.split_once("- - -").expect("two sheets");
    assert!(!members.contains(&spoken) && own.contains(&spoken), "{sheets}");
    assert!(
        desk.good(&["room", "show", &number])
            .contains(&format!("Leader PIN  {spoken}"))
    );
    let listed = desk.good(&["room", "list"]);
    assert!(listed.contains("LEADER") && !listed.contains(leader), "{listed}");
    let (plain, _) = booked(&desk, &[]);
    assert_eq!(plain["leader_pin"], Value::Null);
}

#[test]
fn pins_that_callers_could_not_tell_apart_are_refused() {
    let desk = Desk::new();
    let book =
        |pin: &str, leader: &str| desk.refused(&["room", "book", "--pin", pin, "--leader-pin", leader]);
    for leader in ["4938", "49381702", "493817"] {
        let told = book("493817", leader);
        assert!(
            told.contains("another PIN of the room") && !told.contains(leader),
            "{told}"
        );
    }
    assert!(book("none", "7305").contains("needs a members' PIN"));
    assert!(book("493817", "none").contains("--leader-pin takes 4 to 10 digits, or"));
    assert!(book("493817", "1234").contains("easily guessed"));
}

#[test]
fn a_new_pin_makes_the_old_one_a_former_one() {
    let desk = Desk::new();
    let (old, number) = booked(&desk, &["--leader-pin", "auto"]);
    let new = desk.json(&["room", "new-pin", &number]);
    assert_ne!(old["pin"], new["pin"]);
    assert_eq!(old["leader_pin"], new["leader_pin"]);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let found = runtime.block_on(async {
        let store = Store::open(&desk.data()).await.expect("opened");
        store
            .find(RoomNumber::parse(&number).expect("a number"))
            .await
            .expect("found")
    });
    let former = found.and_then(|room| room.former_pin).expect("kept");
    assert_eq!(Some(former.reveal()), old["pin"].as_str());

    // One that none of the drawn ones begins with: callers could not tell them apart, and it would be refused.
    let drawn = [&old["pin"], &new["pin"], &old["leader_pin"]].map(|pin| pin.as_str().expect("a PIN"));
    let is_free = |own: &&str| drawn.iter().all(|pin| !pin.starts_with(own));
    let own = ["7305", "4618", "9527", "2849"].into_iter().find(is_free);
    let own = own.expect("three PINs begin in three ways");
    let output = desk.run(&["room", "new-pin", &number, "--pin", own]);
    let told = stderr(&output);
    let shown = format!("{} {}", &own[..2], &own[2..]);
    assert!(String::from_utf8_lossy(&output.stdout).contains(&shown), "{told}");
    assert!(
        told.contains("who is inside stays") && told.contains("90 days"),
        "{told}"
    );
    let told = desk.refused(&["room", "new-pin", &number, "--pin", own]);
    assert!(told.contains("another PIN of the room"), "{told}");

    let leader = desk.json(&["room", "new-pin", &number, "--leader"]);
    assert_eq!(text(&leader, "pin"), own);
    assert_ne!(leader["leader_pin"], new["leader_pin"]);
    assert!(
        desk.refused(&["room", "new-pin", "1234567"])
            .contains("room list")
    );
}

#[test]
fn a_room_is_changed_and_the_rest_of_it_stays() {
    let desk = Desk::new();
    let (old, number) = booked(&desk, &["--until", "2999-12-31"]);
    let change = |more: &[&str]| desk.json(&[&["room", "change", &number], more].concat());
    let new = change(&["--seats", "12", "--name", "Abendrunde", "--forever"]);
    assert_eq!(
        (text(&new, "name"), &new["seats"]),
        ("Abendrunde", &Value::from(12))
    );
    assert_eq!((&new["expires"], &new["pin"]), (&Value::Null, &old["pin"]));
    assert_eq!(
        text(&change(&["--until", "2998-01-31"]), "expires"),
        "2998-01-31T23:00:00Z"
    );
    assert_eq!(change(&["--name", ""])["name"], Value::Null);
    assert_eq!(old["echo"], true);
    assert_eq!(change(&["--echo", "off"])["echo"], false);
    assert!(desk.good(&["room", "show", &number]).contains("let through"));
    assert_eq!(change(&["--echo", "on"])["echo"], true);
    let neither = desk.run(&["room", "change", &number, "--echo", "maybe"]);
    assert!(
        stderr(&neither).contains("write on or off"),
        "{}",
        stderr(&neither)
    );
    assert_eq!(text(&change(&["--leader-pin", "80264"]), "leader_pin"), "80264");
    assert_eq!(change(&["--leader-pin", "none"])["leader_pin"], Value::Null);
    let refused = |more: &[&str]| desk.refused(&[&["room", "change", &number], more].concat());
    assert!(refused(&[]).contains("nothing to change"));
    assert!(refused(&["--seats", "0"]).contains("choose 1 to"));
    assert!(refused(&["--until", "2020-01-01"]).contains("in the past"));
    let both = desk.run(&["room", "change", &number, "--forever", "--until", "2999-01-01"]);
    assert_eq!(both.status.code(), Some(2));
    let output = desk.run(&["room", "change", &number, "--seats", "9"]);
    assert!(stderr(&output).contains("it holds at once"));
}

#[test]
fn every_language_has_its_invitation() {
    let desk = Desk::new();
    let mut seen = Vec::new();
    for language in Language::ALL {
        let (room, number) = booked(&desk, &["--language", language.code()]);
        assert_eq!(text(&room, "language"), language.code());
        let own = desk.good(&["room", "show", &number, "--invitation"]);
        for other in Language::ALL {
            let told = desk.good(&["room", "show", &number, "--language", other.code()]);
            assert_eq!(told == own, other == language);
        }
        assert!(!seen.contains(&own));
        seen.push(own);
        let changed = desk.json(&["room", "change", &number, "--language", "de"]);
        assert_eq!(text(&changed, "language"), "de");
    }
    let wrong = desk.run(&["room", "book", "--language", "fr"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(stderr(&wrong).contains("the languages are de"));
}

#[test]
fn an_appointment_goes_into_the_invitation_and_a_calendar_file() {
    let desk = Desk::new();
    let output = desk.run(&[
        "room",
        "book",
        "Runde",
        "--pin",
        "493817",
        "--every",
        "di 19:00",
        "--ics",
        "runde.ics",
    ]);
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(String::from_utf8_lossy(&output.stdout).contains("jeden Dienstag um 19 Uhr"));
    let path = desk.dir.path().join("runde.ics");
    let first = fs::read_to_string(&path).expect("written");
    assert!(
        first.contains("RRULE:FREQ=WEEKLY;BYDAY=TU\r\n") && first.contains("DURATION:PT90M"),
        "{first}"
    );
    assert!(first.contains("493 817"), "{first}");

    let number = text(&desk.json(&["room", "list"])[0], "room").to_owned();
    let again = desk.good(&[
        "room",
        "show",
        &number,
        "--every",
        "tue 19:00",
        "--minutes",
        "60",
        "--ics",
        "-",
    ]);
    assert!(
        again.starts_with("BEGIN:VCALENDAR\r\n") && again.ends_with("END:VCALENDAR\r\n"),
        "{again}"
    );
    assert!(again.contains("DURATION:PT60M"), "{again}");
    let uid = |file: &str| {
        file.lines()
            .find(|line| line.starts_with("UID:"))
            .map(str::to_owned)
    };
    assert!(uid(&first).is_some());
    assert_eq!(uid(&first), uid(&again), "the calendar replaces what it has");
    let invited = desk.good(&["room", "show", &number, "--at", "2999-12-03 19:30"]);
    assert!(invited.contains("3. Dezember 2999, um 19:30 Uhr"), "{invited}");
    let once = desk.good(&["room", "show", &number, "--at", "2999-12-03 19:00", "--ics", "-"]);
    assert!(
        once.contains("DTSTART;TZID=Europe/Berlin:29991203T190000") && !once.contains("WEEKLY"),
        "{once}"
    );
    assert_ne!(uid(&once), uid(&first));
}

#[test]
fn a_leader_pin_is_not_in_the_members_calendars() {
    let desk = Desk::new();
    let file = [
        "--leader-pin",
        "802641",
        "--every",
        "di 19:00",
        "--ics",
        "runde.ics",
    ];
    booked(&desk, &file);
    let written = fs::read_to_string(desk.dir.path().join("runde.ics")).expect("written");
    assert!(!written.replace(' ', "").contains("802641"), "{written}");
}

#[test]
fn a_wrong_appointment_books_nothing() {
    let desk = Desk::new();
    let refused = |more: &[&str]| desk.refused(&[&["room", "book"], more].concat());
    assert!(refused(&["--ics", "runde.ics"]).contains("--ics needs an appointment"));
    assert!(refused(&["--at", "2020-01-01 19:00"]).contains("in the past"));
    assert!(refused(&["--every", "19:00"]).contains("\"tue 19:00\""));
    let late = ["--until", "2998-01-01", "--at", "2999-01-01 19:00"];
    assert!(refused(&late).contains("the room has ended"));
    let both = ["--every", "di 19:00", "--ics", "-", "--json"];
    assert!(refused(&both).contains("standard output"));
    assert!(!desk.data().exists(), "nothing was booked");
    for wrong in [
        &["--minutes", "0"][..],
        &["--at", "2999-01-01 19:00", "--every", "di 19:00"],
    ] {
        let output = desk.run(&[&["room", "book"], wrong].concat());
        assert_eq!(output.status.code(), Some(2));
    }
}
