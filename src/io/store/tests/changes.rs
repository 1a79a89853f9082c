//! Leaders, and rooms that change.

use super::*;

#[tokio::test]
async fn a_leader_pin_does_not_open_as_the_members() {
    let dir = folder();
    let store = open(dir.path()).await;
    let new = NewBooking {
        leader_pin: PinChoice::Drawn,
        ..wanted(PinChoice::Drawn)
    };
    let number = store.book(&new).await.expect("booked").number;
    sqlx::query("UPDATE rooms SET pin = leader_pin")
        .execute(&store.pool)
        .await
        .expect("updated");
    assert!(matches!(
        store.find(number).await,
        Err(StoreError::WrongKey { .. })
    ));
}

#[tokio::test]
async fn a_changed_room_keeps_what_was_not_named() {
    let dir = folder();
    let store = open(dir.path()).await;
    let new = NewBooking {
        leader_pin: PinChoice::Drawn,
        ..wanted(PinChoice::Drawn)
    };
    let old = store.book(&new).await.expect("booked");
    let number = old.number;
    let nothing = store.change(number, &Change::default()).await.expect("changed");
    assert_eq!(nothing.as_ref(), Some(&old));
    let change = Change {
        name: Some(String::new()),
        seats: Some(30),
        echo: Some(false),
        expires: Some(None),
        leader_pin: Some(PinChoice::Without),
        ..Change::default()
    };
    let changed = store.change(number, &change).await.expect("changed");
    let meant = Booking {
        name: None,
        seats: 30,
        echo: false,
        expires: None,
        leader_pin: None,
        ..old
    };
    assert_eq!(changed.as_ref(), Some(&meant));
    assert_eq!(store.find(number).await.expect("found"), changed);
    let odd = Change {
        seats: Some(0),
        pin: Some(PinChoice::Drawn),
        ..Change::default()
    };
    assert!(store.change(number, &odd).await.is_err());
    assert_eq!(
        store.find(number).await.expect("found"),
        changed,
        "nothing by halves"
    );
    assert!(store.cancel(number).await.expect("cancelled"));
    assert_eq!(store.change(number, &change).await.expect("looked up"), None);
}

#[tokio::test]
async fn a_former_pin_is_known_for_90_days_and_then_wiped() {
    let dir = folder();
    let store = open(dir.path()).await;
    let booked = store.book(&wanted(PinChoice::Drawn)).await.expect("booked");
    let (number, old) = (booked.number, booked.pin);
    let renewed = Change {
        pin: Some(PinChoice::Drawn),
        ..Change::default()
    };
    let change = async |change: &Change, now| {
        change::change(&store.pool, &store.seal, number, change, now, &mut draw::below)
            .await
            .expect("changed")
            .expect("the room is there")
    };
    assert_eq!(change(&renewed, NOW).await.former_pin, old);
    let last_day = NOW + FORMER_PIN_DAYS * DAY_S;
    let former = async |now| {
        store
            .find_at(number, now)
            .await
            .expect("found")
            .expect("there")
            .former_pin
    };
    assert_eq!(former(last_day).await, old);
    assert_eq!(former(last_day + DAY_S).await, None);
    // Another change does not prolong it, and after its time it is gone from the disk.
    change(&Change::default(), last_day).await;
    assert_eq!(former(last_day + DAY_S).await, None);
    change(&Change::default(), last_day + DAY_S).await;
    assert_eq!(former(NOW).await, None);
}

#[tokio::test]
async fn a_database_of_the_first_version_is_brought_up_to_date() {
    let dir = folder();
    folder::create_database_file(dir.path()).expect("made");
    let pool = connect(dir.path()).await.expect("connected");
    MIGRATIONS.run_to(1, &pool).await.expect("the first version");
    let key = key_file::load_or_create(dir.path(), false).expect("a key");
    let (number, pin) = (RoomNumber::nth(5).expect("in range"), Pin::parse("493817"));
    let sealed = Seal::new(&key).close(number, seal::Kind::Member, pin.as_ref());
    sqlx::query("INSERT INTO rooms (number, pin, seats, language, created) VALUES ($1, $2, 8, 'de', 0)")
        .bind(i64::from(number.get()))
        .bind(sealed.expect("sealed"))
        .execute(&pool)
        .await
        .expect("booked as it was");
    pool.close().await;
    let found = open(dir.path())
        .await
        .find(number)
        .await
        .expect("found")
        .expect("there");
    assert_eq!((found.pin, found.leader_pin, found.former_pin), (pin, None, None));
}
