//! Publishers: what they are shown, and that each is held once.
use std::time::Duration;

use bellwire_domain::event::{Begin, Outbox as _, StoredEvent};

use super::World;

async fn take(world: &World) -> Option<i64> {
    let now = world.now();
    run!(world, tx => tx.publisher_take("log", now, now.after(Duration::from_secs(10))).await)
}

async fn ensure(world: &World, from: Begin) {
    run!(world, tx => tx.publisher_ensure("log", from).await);
}

pub(crate) async fn a_publisher_begins_once_and_is_shown_every_event_of_every_workspace(world: World) {
    let (one, two) = (world.workspace("one").await, world.workspace("two").await);
    let mut posted = Vec::new();
    for number in 0..10 {
        let workspace = if number % 2 == 0 { &one } else { &two };
        posted.push(world.post(workspace, "order.placed", None).await);
        if number == 3 {
            ensure(&world, Begin::Newest).await;
        }
    }
    ensure(&world, Begin::Start).await;
    let cursor = take(&world).await.expect("nobody has it");
    assert_eq!(cursor, posted[3].seq, "it stays where it began");
    let shown = see!(world, tx => tx.events_of_all(cursor, 4).await);
    let last = posted[7].seq;
    let rest = see!(world, tx => tx.events_of_all(last, 4).await);
    let of = |stored: &StoredEvent| (stored.seq, stored.event.workspace_id.clone(), stored.event.id.clone());
    let shown: Vec<_> = shown.iter().chain(&rest).map(of).collect();
    assert_eq!(shown, posted[4..].iter().map(of).collect::<Vec<_>>());
}

pub(crate) async fn only_who_holds_a_publisher_where_it_is_moves_it_on(world: World) {
    assert_eq!(take(&world).await, None, "it was not made");
    ensure(&world, Begin::Start).await;
    let until = world.now().after(Duration::from_secs(20));
    let step = async |from: i64, to: i64| run!(world, tx => tx.publisher_move("log", from, to, until).await);
    assert!(!step(0, 5).await, "nobody has it");
    assert_eq!(take(&world).await, Some(0));
    assert!(step(0, 5).await);
    assert!(!step(0, 7).await, "it is somewhere else");
    assert_eq!(take(&world).await, Some(5), "it is its own already");
    run!(world, tx => tx.publisher_release("log").await);
    assert!(!step(5, 6).await, "it was released");
    assert_eq!(take(&world).await, Some(5));
}
