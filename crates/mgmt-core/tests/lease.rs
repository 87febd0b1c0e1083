//! A model of the protocol of [`mgmt_core::lease`], with every order of steps, pauses, crashes, lost and late messages, and clocks
//! that run at different speeds within bounds: no check that starts after the answer to a revocation is accepted. And each guard
//! is needed: without any one of them, the checker finds a run in which one is.

#![allow(clippy::indexing_slicing, reason = "a test: a surprise is a panic")]

use mgmt_core::lease::{Holder, Lease, Terms, reached};
use stateright::{Checker, Model, Property};

const TTL: u64 = 3;
/// How far a node's clock may fall behind the database's in the time of the model.
const DRIFT: u64 = 1;
const SAFE: &str = "nothing revoked is accepted";

/// The rules that make it right, each of which can be left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Guard {
    /// The writer waits for the leases.
    Wait,
    /// A renewal applies all changes, and none can come before it is kept.
    ApplyFirst,
    /// The lease is tested after the request has arrived.
    TestAfterArrival,
    /// The node leaves the end of the lease unused.
    Margin,
    /// A node knows the last change before it reads anything.
    ReadSequenceFirst,
    /// What was read while its key changed is not kept.
    FillsCarrySequence,
    /// The node's clock goes on while the machine sleeps.
    SteadyClock,
    /// A lease counts from before it was asked for.
    CountFromAsking,
}

struct Cluster {
    nodes: usize,
    until: u64,
    without: Option<Guard>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct State {
    /// The database's time.
    now: u64,
    /// The number of the last change. The first and only one revokes the key.
    head: i64,
    answered: bool,
    nodes: Vec<Node>,
    /// A check that started after the answer was accepted.
    violated: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Node {
    is_down: bool,
    /// How far its clock is behind.
    behind: u64,
    /// Its row: end and number. It survives a crash.
    row: Option<(u64, i64)>,
    /// The end of its lease, by its own clock.
    end: u64,
    renewal: Renewal,
    applied: i64,
    /// It has read the sequence.
    has_joined: bool,
    /// What it has cached: whether the key is good.
    cached: Option<bool>,
    fill: Option<Fill>,
    check: Option<Check>,
    /// It has found that the lease stands, for a request to come.
    tested_ahead: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
enum Renewal {
    #[default]
    None,
    /// It was asked for at this time of its clock.
    Asked(u64),
    /// It was kept, and the node will learn of it.
    Kept(u64),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Fill {
    is_good: bool,
    applied: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Check {
    after_answer: bool,
    is_tested: bool,
}

/// What happens next, and at which node. Steps of a node that is paused just do not happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Action {
    Tick,
    /// The same, while the clock of a node stands still.
    Slow(usize),
    Commit,
    Answer,
    Crash(usize),
    Start(usize),
    Ask(usize),
    Keep(usize),
    Learn(usize),
    Lose(usize),
    Follow(usize),
    Acknowledge(usize),
    TestAhead(usize),
    Arrive(usize),
    Test(usize),
    Look(usize),
    Read(usize),
    Fill(usize),
}

impl Cluster {
    fn has(&self, guard: Guard) -> bool {
        self.without != Some(guard)
    }

    fn terms(&self) -> Terms {
        Terms::new(TTL, if self.has(Guard::Margin) { DRIFT } else { 0 })
    }

    fn may_answer(&self, state: &State) -> bool {
        let row = |(i, node): (usize, &Node)| {
            node.row.map(|(until, applied)| Holder { node: i.to_string(), until: until as i64, applied })
        };
        let rows: Vec<_> = state.nodes.iter().enumerate().filter_map(row).collect();
        !self.has(Guard::Wait) || reached(&rows, "writer", state.now as i64) >= state.head
    }

    fn node_actions(&self, state: &State, i: usize, actions: &mut Vec<Action>) {
        let node = &state.nodes[i];
        if node.is_down {
            return actions.push(Action::Start(i));
        }
        actions.push(Action::Crash(i));
        match node.renewal {
            Renewal::None => actions.push(Action::Ask(i)),
            Renewal::Asked(_) => actions.extend([Action::Keep(i), Action::Lose(i)]),
            Renewal::Kept(_) => actions.extend([Action::Learn(i), Action::Lose(i)]),
        }
        if node.has_joined && node.applied < state.head {
            actions.push(Action::Follow(i));
        }
        if node.row.is_some_and(|(_, applied)| applied < node.applied) {
            actions.push(Action::Acknowledge(i));
        }
        if !self.has(Guard::TestAfterArrival) && !node.tested_ahead {
            actions.push(Action::TestAhead(i));
        }
        match node.check {
            None => actions.push(Action::Arrive(i)),
            Some(check) if check.is_tested && node.cached.is_some() => actions.push(Action::Look(i)),
            Some(check) if check.is_tested => {}
            Some(_) => actions.push(Action::Test(i)),
        }
        match node.fill {
            None if node.cached.is_none() => actions.push(Action::Read(i)),
            None => {}
            Some(_) => actions.push(Action::Fill(i)),
        }
    }

    fn step(&self, state: &mut State, i: usize, action: Action) {
        let (now, head, answered) = (state.now, state.head, state.answered);
        let node = &mut state.nodes[i];
        let clock = now - node.behind;
        match action {
            Action::Crash(_) => *node = Node { is_down: true, row: node.row, behind: node.behind, ..Node::default() },
            Action::Start(_) => {
                node.is_down = false;
                node.has_joined = self.has(Guard::ReadSequenceFirst);
                node.applied = if node.has_joined { head } else { 0 };
            }
            Action::Ask(_) => {
                node.renewal = Renewal::Asked(clock);
                if !self.has(Guard::ApplyFirst) {
                    node.follow(head);
                }
            }
            Action::Keep(_) => self.keep(node, now, head),
            Action::Learn(_) => {
                if let Renewal::Kept(at) = std::mem::take(&mut node.renewal) {
                    let from = if self.has(Guard::CountFromAsking) { at } else { clock };
                    node.end = node.end.max(Lease::granted(from, self.terms()).end());
                }
            }
            Action::Lose(_) => node.renewal = Renewal::None,
            Action::Follow(_) => node.follow(head),
            Action::Acknowledge(_) => node.row = node.row.map(|(until, _)| (until, node.applied)),
            Action::TestAhead(_) => node.tested_ahead = Lease::until(node.end).may_answer(clock),
            Action::Arrive(_) => {
                node.check = Some(Check { after_answer: answered, is_tested: std::mem::take(&mut node.tested_ahead) });
            }
            Action::Test(_) => {
                let stands = Lease::until(node.end).may_answer(clock);
                node.check = node.check.filter(|_| stands).map(|check| Check { is_tested: true, ..check });
            }
            Action::Look(_) => {
                let is_late = node.check.take().is_some_and(|check| check.after_answer);
                state.violated |= is_late && node.cached == Some(true);
            }
            Action::Read(_) => node.fill = Some(Fill { is_good: head == 0, applied: node.applied }),
            Action::Fill(_) => self.fill(node),
            Action::Tick | Action::Slow(_) | Action::Commit | Action::Answer => {}
        }
    }

    fn keep(&self, node: &mut Node, now: u64, head: i64) {
        let Renewal::Asked(at) = node.renewal else { return };
        if !node.has_joined {
            // It begins to follow here, and what it has read before stays.
            node.has_joined = true;
            node.applied = head;
        } else if self.has(Guard::ApplyFirst) {
            node.follow(head);
        }
        node.row = Some((now + TTL, node.applied));
        node.renewal = Renewal::Kept(at);
    }

    fn fill(&self, node: &mut Node) {
        let Some(fill) = node.fill.take() else { return };
        if fill.applied == node.applied || !self.has(Guard::FillsCarrySequence) {
            node.cached = Some(fill.is_good);
            // Whoever waited asks again.
            node.check = node.check.map(|check| Check { is_tested: false, ..check });
        }
    }
}

impl Node {
    /// Applies all changes: the key is read anew.
    fn follow(&mut self, head: i64) {
        if self.applied < head {
            self.applied = head;
            self.cached = None;
        }
    }
}

impl Model for Cluster {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        let down = Node { is_down: true, ..Node::default() };
        vec![State { now: 0, head: 0, answered: false, nodes: vec![down; self.nodes], violated: false }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        if state.violated {
            return;
        }
        if state.now < self.until {
            actions.push(Action::Tick);
            let drift = if self.has(Guard::SteadyClock) { DRIFT } else { self.until };
            actions.extend((0..self.nodes).filter(|&i| state.nodes[i].behind < drift).map(Action::Slow));
        }
        match (state.head, state.answered) {
            (0, _) => actions.push(Action::Commit),
            (_, false) if self.may_answer(state) => actions.push(Action::Answer),
            _ => {}
        }
        (0..self.nodes).for_each(|i| self.node_actions(state, i, actions));
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut state = last.clone();
        match action {
            Action::Tick => state.now += 1,
            Action::Slow(i) => {
                state.now += 1;
                state.nodes[i].behind += 1;
            }
            Action::Commit => state.head = 1,
            Action::Answer => state.answered = true,
            Action::Crash(i)
            | Action::Start(i)
            | Action::Ask(i)
            | Action::Keep(i)
            | Action::Learn(i)
            | Action::Lose(i)
            | Action::Follow(i)
            | Action::Acknowledge(i)
            | Action::TestAhead(i)
            | Action::Arrive(i)
            | Action::Test(i)
            | Action::Look(i)
            | Action::Read(i)
            | Action::Fill(i) => self.step(&mut state, i, action),
        }
        (state != *last).then_some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always(SAFE, |_, state: &State| !state.violated),
            Property::sometimes("revocations are answered while leases stand", |_, state: &State| {
                state.answered && state.nodes.iter().any(|n| n.row.is_some_and(|(until, _)| until > state.now))
            }),
            Property::sometimes("good keys are accepted", |_, state: &State| {
                state.nodes.iter().any(|n| n.cached == Some(true) && n.check.is_some_and(|c| c.is_tested))
            }),
        ]
    }
}

#[test]
fn nothing_revoked_is_accepted() {
    let checker = Cluster { nodes: 1, until: 7, without: None }.checker().threads(2).spawn_bfs().join();
    println!("{} states", checker.unique_state_count());
    checker.assert_properties();
}

#[test]
fn nothing_revoked_is_accepted_by_two_nodes() {
    // As many runs as can be looked at in a few seconds, the shortest first.
    let model = Cluster { nodes: 2, until: 6, without: None };
    let checker = model.checker().threads(2).target_state_count(600_000).spawn_bfs().join();
    println!("{} states", checker.unique_state_count());
    checker.assert_no_discovery(SAFE);
}

#[test]
fn every_guard_is_needed() {
    for guard in [
        Guard::Wait,
        Guard::ApplyFirst,
        Guard::TestAfterArrival,
        Guard::Margin,
        Guard::ReadSequenceFirst,
        Guard::FillsCarrySequence,
        Guard::SteadyClock,
        Guard::CountFromAsking,
    ] {
        let checker = Cluster { nodes: 1, until: 7, without: Some(guard) }.checker().threads(2).spawn_bfs().join();
        let run = checker.assert_any_discovery(SAFE).into_actions();
        println!("without {guard:?}: {run:?}");
        assert!(matches!(run.last(), Some(Action::Look(_))), "{guard:?}");
    }
}
