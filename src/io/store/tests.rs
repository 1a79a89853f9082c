mod changes;

use super::*;
use crate::ids::Language;
use crate::secret::{Digits, Pin};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use tempfile::TempDir;

const NOW: i64 = 1_800_000_000;

fn folder() -> TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

fn wanted(pin: PinChoice) -> NewBooking {
    NewBooking {
        direct: None,
        name: Some(" Dienstagsrunde ".into()),
        pin,
        leader_pin: PinChoice::Without,
        seats: 8,
        language: Language::De,
        echo: true,
        expires: Some(NOW + 60),
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("it is there").permissions().mode() & 0o7777
}

async fn open(dir: &Path) -> Store {
    Store::open(dir).await.expect("it opens")
}

/// Books with loaded dice: each draw takes the next of `numbers`.
async fn book_drawing(
    store: &Store,
    new: &NewBooking,
    now: i64,
    numbers: &[u32],
) -> Result<Booking, StoreError> {
    let mut numbers = numbers.iter().copied();
    let mut below = |bound| Ok(numbers.next().expect("as many draws as numbers") % bound);
    book::book(&store.pool, &store.seal, new, now, &mut below).await
}

#[tokio::test]
async fn a_booked_room_is_found_again_after_a_restart() {
    let dir = folder();
    let data = dir.path().join("new/data");
    let store = open(&data).await;
    let booked = store.book(&wanted(PinChoice::Drawn)).await.expect("booked");
    assert_eq!(booked.name.as_deref(), Some("Dienstagsrunde"));
    assert_eq!((booked.seats, booked.expires), (8, Some(NOW + 60)));
    // Not closed, as after SIGKILL: what was reported must be on disk.
    let again = open(&data).await;
    assert_eq!(
        again.find(booked.number).await.expect("found"),
        Some(booked.clone())
    );
    assert_eq!(again.list().await.expect("listed"), [booked]);
}

#[tokio::test]
async fn folder_database_and_key_are_their_owners_only() {
    let dir = folder();
    let data = dir.path().join("data");
    let _store = open(&data).await;
    assert_eq!(mode(&data), 0o700);
    for file in [DATABASE_FILE, KEY_FILE, "rundruf.db-wal", "rundruf.db-shm"] {
        assert_eq!(mode(&data.join(file)), 0o600, "{file}");
    }
    let key = fs::read(data.join(KEY_FILE)).expect("a key");
    assert_eq!(key.len(), 32);
    assert_ne!(key, [0; 32]);
}

#[tokio::test]
async fn pins_are_sealed_on_disk_and_three_kinds_of_them_exist() {
    let dir = folder();
    let store = open(dir.path()).await;
    let chosen = Pin::parse("7305196842").expect("ten digits");
    let booked = store
        .book(&wanted(PinChoice::Chosen(chosen.clone())))
        .await
        .expect("booked");
    assert_eq!(booked.pin, Some(chosen.clone()));
    assert_eq!(
        store.book(&wanted(PinChoice::Without)).await.expect("booked").pin,
        None
    );
    let drawn = store
        .book(&wanted(PinChoice::Drawn))
        .await
        .expect("booked")
        .pin
        .expect("a PIN");
    assert_eq!(drawn.reveal().len(), crate::secret::PIN_DIGITS);
    store.close().await;
    for file in fs::read_dir(dir.path()).expect("readable") {
        let bytes = fs::read(file.expect("an entry").path()).expect("readable");
        for pin in [&chosen, &drawn] {
            assert!(
                !bytes
                    .windows(pin.reveal().len())
                    .any(|part| part == pin.reveal().as_bytes())
            );
        }
    }
}

#[tokio::test]
async fn a_room_is_found_by_its_own_number_which_no_other_may_have() {
    let dir = folder();
    let store = open(dir.path()).await;
    let number = |written: &str| PhoneNumber::parse(written).expect("a number");
    let with = |direct: &str| NewBooking {
        direct: Some(number(direct)),
        ..wanted(PinChoice::Drawn)
    };
    let first = store.book(&with("+4930111111")).await.expect("booked");
    let second = store.book(&with("+4930222222")).await.expect("booked");
    assert!(matches!(
        store.book(&with("+4930111111")).await,
        Err(StoreError::DirectTaken)
    ));
    let found = |numbers: Vec<PhoneNumber>| {
        let store = store.clone();
        async move {
            store
                .find_called(&numbers)
                .await
                .expect("found")
                .map(|booking| booking.number)
        }
    };
    let (one, two, none) = (
        number("+4930111111"),
        number("+4930222222"),
        number("+4930333333"),
    );
    assert_eq!(
        found(vec![none.clone(), two.clone(), one.clone()]).await,
        Some(second.number),
        "the likeliest first"
    );
    assert_eq!(found(vec![none]).await, None);
    let take = Change {
        direct: Some(Some(one.clone())),
        ..Change::default()
    };
    assert!(matches!(
        store.change(second.number, &take).await,
        Err(StoreError::DirectTaken)
    ));
    let give = Change {
        direct: Some(None),
        ..Change::default()
    };
    let given = store
        .change(first.number, &give)
        .await
        .expect("changed")
        .expect("there");
    assert_eq!(given.direct, None);
    let taken = store
        .change(second.number, &take)
        .await
        .expect("changed")
        .expect("there");
    assert_eq!(taken.direct, Some(one.clone()));
    assert_eq!(found(vec![one, two]).await, Some(second.number));
}

#[tokio::test]
async fn weak_pins_long_names_and_odd_seats_are_refused() {
    let dir = folder();
    let store = open(dir.path()).await;
    let weak = wanted(PinChoice::Chosen(Pin::parse("123456").expect("digits")));
    assert!(matches!(store.book(&weak).await, Err(StoreError::WeakPin)));
    for name in ["x".repeat(NAME_CHARS_MAX + 1), "two\nlines".into()] {
        let new = NewBooking {
            name: Some(name),
            ..wanted(PinChoice::Drawn)
        };
        assert!(matches!(store.book(&new).await, Err(StoreError::Name)));
    }
    for seats in [0, crate::config::SEATS_MAX + 1] {
        let new = NewBooking {
            seats,
            ..wanted(PinChoice::Drawn)
        };
        assert!(matches!(store.book(&new).await, Err(StoreError::Seats { .. })));
    }
    assert_eq!(store.list().await.expect("listed"), []);
}

#[tokio::test]
async fn a_taken_number_is_drawn_again() {
    let dir = folder();
    let store = open(dir.path()).await;
    let new = wanted(PinChoice::Without);
    let first = book_drawing(&store, &new, NOW, &[5]).await.expect("booked");
    let second = book_drawing(&store, &new, NOW, &[5, 5, 6]).await.expect("booked");
    assert_eq!(Some(first.number), RoomNumber::nth(5));
    assert_eq!(Some(second.number), RoomNumber::nth(6));
}

#[tokio::test]
async fn the_last_room_is_booked_and_one_more_is_refused() {
    let dir = folder();
    let store = open(dir.path()).await;
    sqlx::query(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1) \
         INSERT INTO rooms (number, seats, language, created) SELECT 9000000 + i, 8, 'de', 0 FROM n",
    )
    .bind(i64::from(ROOMS_MAX) - 1)
    .execute(&store.pool)
    .await
    .expect("filled");
    let new = wanted(PinChoice::Without);
    book_drawing(&store, &new, NOW, &[5]).await.expect("the last one");
    assert!(matches!(
        book_drawing(&store, &new, NOW, &[6]).await,
        Err(StoreError::Full)
    ));
}

#[tokio::test]
async fn a_cancelled_number_comes_back_after_90_days_only() {
    let dir = folder();
    let store = open(dir.path()).await;
    let new = wanted(PinChoice::Without);
    let number = book_drawing(&store, &new, NOW, &[5])
        .await
        .expect("booked")
        .number;
    assert!(store.cancel_at(number, NOW).await.expect("cancelled"));
    assert!(!store.cancel_at(number, NOW).await.expect("nothing to cancel"));
    assert_eq!(store.find(number).await.expect("looked up"), None);
    let too_early = NOW + RETIRED_DAYS * DAY_S;
    let other = book_drawing(&store, &new, too_early, &[5, 6])
        .await
        .expect("booked");
    assert_ne!(other.number, number);
    let late_enough = too_early + DAY_S;
    let same = book_drawing(&store, &new, late_enough, &[5])
        .await
        .expect("booked");
    assert_eq!(same.number, number);
}

#[tokio::test]
async fn a_key_that_others_may_read_or_that_is_cut_short_is_refused() {
    let dir = folder();
    open(dir.path()).await.close().await;
    let key = dir.path().join(KEY_FILE);
    for wide in [0o640, 0o604, 0o700] {
        fs::set_permissions(&key, fs::Permissions::from_mode(wide)).expect("own file");
        let refused = Store::open(dir.path()).await.err().expect("refused").to_string();
        assert!(
            refused.contains("chmod 600") && refused.contains(&format!("{wide:04o}")),
            "{refused}"
        );
    }
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).expect("own file");
    for length in [31, 33, 0] {
        fs::write(&key, vec![7; length]).expect("own file");
        assert!(matches!(
            Store::open(dir.path()).await,
            Err(StoreError::KeyLength { .. })
        ));
    }
}

#[tokio::test]
async fn sealed_pins_without_their_key_or_with_another_are_refused() {
    let dir = folder();
    let store = open(dir.path()).await;
    store.book(&wanted(PinChoice::Without)).await.expect("booked");
    store.close().await;
    let key = dir.path().join(KEY_FILE);
    fs::remove_file(&key).expect("own file");
    // Nothing was sealed yet: a new key does no harm.
    let store = open(dir.path()).await;
    store.book(&wanted(PinChoice::Drawn)).await.expect("booked");
    store.close().await;
    fs::remove_file(&key).expect("own file");
    let refused = Store::open(dir.path()).await.err().expect("refused");
    assert!(matches!(refused, StoreError::KeyMissing { .. }), "{refused}");
    assert!(!key.exists(), "no new key hides the loss");
    let mut file = folder::private_file(&key).expect("a new file");
    std::io::Write::write_all(&mut file, &[7; 32]).expect("written");
    let refused = Store::open(dir.path()).await.err().expect("refused");
    assert!(matches!(refused, StoreError::WrongKey { .. }), "{refused}");
}

#[tokio::test]
async fn a_pin_moved_into_another_room_does_not_open() {
    let dir = folder();
    let store = open(dir.path()).await;
    let own = store.book(&wanted(PinChoice::Drawn)).await.expect("booked");
    let other = store.book(&wanted(PinChoice::Drawn)).await.expect("booked");
    sqlx::query("UPDATE rooms SET pin = (SELECT pin FROM rooms WHERE number = $1) WHERE number = $2")
        .bind(i64::from(own.number.get()))
        .bind(i64::from(other.number.get()))
        .execute(&store.pool)
        .await
        .expect("updated");
    assert!(matches!(
        store.find(other.number).await,
        Err(StoreError::WrongKey { .. })
    ));
    assert!(store.find(own.number).await.expect("found").is_some());
}

#[tokio::test]
async fn a_killed_key_writer_leaves_no_half_key() {
    let dir = folder();
    fs::write(dir.path().join("rundruf.key.new"), b"half").expect("written");
    open(dir.path()).await.close().await;
    assert_eq!(fs::read(dir.path().join(KEY_FILE)).expect("a key").len(), 32);
    assert!(!dir.path().join("rundruf.key.new").exists());
}

#[tokio::test]
async fn many_open_the_new_folder_at_once_and_share_one_key() {
    let dir = folder();
    let openings: Vec<_> = (0..8)
        .map(|_| {
            let data = dir.path().to_owned();
            tokio::spawn(async move {
                open(&data)
                    .await
                    .book(&wanted(PinChoice::Drawn))
                    .await
                    .expect("booked")
            })
        })
        .collect();
    let mut booked = Vec::new();
    for opening in openings {
        booked.push(opening.await.expect("no panic").number);
    }
    let store = open(dir.path()).await;
    let mut listed: Vec<_> = store
        .list()
        .await
        .expect("every PIN opens")
        .iter()
        .map(|room| room.number)
        .collect();
    booked.sort();
    listed.sort();
    assert_eq!(listed, booked);
}

#[tokio::test]
async fn a_mistyped_folder_is_not_created() {
    let dir = folder();
    let missing = dir.path().join("typo");
    assert!(matches!(
        Store::open_existing(&missing).await,
        Err(StoreError::NothingThere { .. })
    ));
    assert!(!missing.exists());
}

#[tokio::test]
async fn no_secret_is_printed_by_a_booking() {
    let dir = folder();
    let chosen = Pin::parse("493817").expect("six digits");
    let new = wanted(PinChoice::Chosen(chosen.clone()));
    let booked = open(dir.path()).await.book(&new).await.expect("booked");
    assert!(!format!("{new:?} {booked:?}").contains(chosen.reveal()));
    let mut digits = Digits::default();
    for digit in chosen.reveal().bytes() {
        digits.push(digit - b'0');
    }
    assert!(booked.pin.expect("chosen").matches(&digits));
}
