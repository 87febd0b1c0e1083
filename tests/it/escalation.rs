//! Nobody ends up with more than somebody gave them who had it: random histories of roles, keys and memberships, each step
//! judged by the server and by a small model of the rules. They must agree on every step.

use mgmt_tests::{Answer, Backend, PASSWORD, Server, Session, on_each_backend};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

on_each_backend!(random_histories);

const ROLES: [&str; 5] = ["owner", "admin", "developer", "member", "viewer"];
const READS: [&str; 7] =
    ["organizations:read", "users:read", "api-keys:read", "webhooks:read", "projects:read", "rate-sheets:read", "usage:read"];
const STEPS: usize = 300;

/// What a role or a key holds; `*` is everything.
type Held = BTreeSet<&'static str>;

fn holds(held: &Held, wanted: &Held) -> bool {
    held.contains("*") || wanted.is_subset(held)
}

fn of_role(role: &str) -> Held {
    match role {
        "owner" | "admin" => Held::from(["*"]),
        "developer" => READS.into_iter().chain(["webhooks:write", "projects:write"]).collect(),
        _ => READS.into_iter().collect(),
    }
}

/// Who acts: somebody by their session, or a key.
#[derive(Clone, Copy, Debug)]
enum Actor {
    Person(usize),
    Key(usize),
}

#[derive(Clone, Debug)]
struct Key {
    id: String,
    text: String,
    held: Held,
    maker: Actor,
    revoked: bool,
}

/// The reference: what everybody is, and the rules in a few lines.
#[derive(Debug)]
struct Model {
    roles: BTreeMap<usize, &'static str>,
    keys: Vec<Key>,
}

impl Model {
    fn held(&self, actor: Actor) -> Option<Held> {
        match actor {
            Actor::Person(person) => self.roles.get(&person).map(|role| of_role(role)),
            Actor::Key(key) => Some(&self.keys[key]).filter(|k| !k.revoked).map(|k| k.held.clone()),
        }
    }

    /// Whether somebody reaches owners.
    fn owns(&self, actor: Actor) -> bool {
        let is_owner = |person: usize| self.roles.get(&person) == Some(&"owner");
        match actor {
            Actor::Person(person) => is_owner(person),
            Actor::Key(key) => {
                let key = &self.keys[key];
                key.held.contains("*") && matches!(key.maker, Actor::Person(person) if is_owner(person))
            }
        }
    }

    fn grants(&self, actor: Actor, held: &Held, role: &str) -> bool {
        holds(held, &of_role(role)) && (role != "owner" || self.owns(actor))
    }

    fn is_last_owner(&self, person: usize) -> bool {
        self.roles[&person] == "owner" && self.roles.values().filter(|&&role| role == "owner").count() == 1
    }

    /// The status of the first rule that objects: a working credential, then the permission.
    fn may(&self, actor: Actor, permission: &'static str) -> Result<Held, u16> {
        let held = self.held(actor).ok_or(401_u16)?;
        if holds(&held, &Held::from([permission])) { Ok(held) } else { Err(403) }
    }

    fn change_role(&self, actor: Actor, target: usize, role: &str) -> Result<(), u16> {
        let held = self.may(actor, "users:write")?;
        let before = *self.roles.get(&target).ok_or(404_u16)?;
        if before == role {
            return Ok(());
        }
        if (before == "owner" && !self.owns(actor)) || !self.grants(actor, &held, role) {
            return Err(403);
        }
        if self.is_last_owner(target) { Err(409) } else { Ok(()) }
    }

    fn remove(&self, actor: Actor, target: usize) -> Result<(), u16> {
        let leaves = matches!(actor, Actor::Person(person) if person == target);
        if leaves {
            self.held(actor).ok_or(401_u16)?;
        } else {
            self.may(actor, "users:write")?;
        }
        let before = *self.roles.get(&target).ok_or(404_u16)?;
        if !leaves && before == "owner" && !self.owns(actor) {
            return Err(403);
        }
        if self.is_last_owner(target) { Err(409) } else { Ok(()) }
    }

    fn invite(&self, actor: Actor, target: usize, role: &str) -> Result<(), u16> {
        let held = self.may(actor, "users:write")?;
        if !self.grants(actor, &held, role) {
            return Err(403);
        }
        if self.roles.contains_key(&target) { Err(409) } else { Ok(()) }
    }

    fn create_key(&self, actor: Actor, wanted: &Held) -> Result<(), u16> {
        let held = self.may(actor, "api-keys:write")?;
        if holds(&held, wanted) { Ok(()) } else { Err(403) }
    }

    fn revoke_key(&self, actor: Actor, key: usize) -> Result<(), u16> {
        if matches!(actor, Actor::Key(own) if own == key) {
            return self.held(actor).map(drop).ok_or(401);
        }
        self.may(actor, "api-keys:write").map(drop)
    }
}

/// The same numbers in every run (Marsaglia's xorshift).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % sides as u64).unwrap()
    }
}

/// The people, the server, and what the model says about them.
struct History {
    server: Server,
    people: Vec<(Session, String)>,
    model: Model,
    dice: Dice,
}

impl History {
    fn begin(backend: Backend) -> Self {
        let settings = [("MGMT_LIMITS__SESSION_PER_MINUTE", "0"), ("MGMT_KEYS__MAX_ACTIVE", "1000")];
        let server = Server::with(backend, &settings);
        let id = |session: &Session| session.answer.expect_data(200)["user"]["id"].as_str().unwrap().to_owned();
        let owner = server.login();
        let mut history = Self {
            people: vec![(owner.clone(), id(&owner))],
            model: Model { roles: BTreeMap::from([(0, "owner")]), keys: Vec::new() },
            dice: Dice(0x9e37_79b9_7f4a_7c15),
            server,
        };
        for (person, role) in (1..).zip(ROLES) {
            let session = history.join(Actor::Person(0), person, role).expect("an owner invites everybody");
            history.people.push((session.clone(), id(&session)));
            history.model.roles.insert(person, role);
        }
        history.create_key(Actor::Person(0), Held::from(["*"]));
        history
    }

    fn credential(&self, actor: Actor) -> &str {
        match actor {
            Actor::Person(person) => &self.people[person].0.token,
            Actor::Key(key) => &self.model.keys[key].text,
        }
    }

    fn join(&self, actor: Actor, person: usize, role: &str) -> Result<Session, u16> {
        let body = json!({"email": if person == 0 { mgmt_tests::OWNER.to_owned() } else { format!("p{person}@example.com") }, "role": role});
        let answer = self.server.post("/v1/management/invitations", &body).bearer(self.credential(actor)).send();
        if answer.status != 201 {
            return Err(answer.status);
        }
        let path = format!("/api/invitations/{}", answer.value()["token"].as_str().unwrap());
        Ok(Session::of(self.server.post(&path, &json!({"password": PASSWORD})).send()))
    }

    fn create_key(&mut self, actor: Actor, held: Held) {
        let expected = self.model.create_key(actor, &held);
        let body = json!({"kind": "management", "permissions": held.iter().collect::<Vec<_>>()});
        let answer = self.server.post("/v1/management/api-keys", &body).bearer(self.credential(actor)).send();
        agree(&answer, expected, 201);
        if expected.is_ok() {
            let made = answer.value();
            let text = |name: &str| made[name].as_str().unwrap().to_owned();
            self.model.keys.push(Key { id: text("id"), text: text("key"), held, maker: actor, revoked: false });
        }
    }

    fn step(&mut self) {
        let (people, keys) = (self.people.len(), self.model.keys.len());
        let actor = if self.dice.roll(2) == 0 { Actor::Person(self.dice.roll(people)) } else { Actor::Key(self.dice.roll(keys)) };
        let (target, role) = (self.dice.roll(people), ROLES[self.dice.roll(5)]);
        let path = format!("/v1/management/users/{}", self.people[target].1);
        match self.dice.roll(10) {
            0..=2 => {
                let expected = self.model.change_role(actor, target, role);
                let answer = self.server.patch(&path, &json!({"role": role})).bearer(self.credential(actor)).send();
                agree(&answer, expected, 200);
                if expected.is_ok() {
                    self.model.roles.insert(target, role);
                }
            }
            3..=4 => {
                let expected = self.model.remove(actor, target);
                agree(&self.server.delete(&path).bearer(self.credential(actor)).send(), expected, 204);
                if expected.is_ok() {
                    self.model.roles.remove(&target);
                }
            }
            5..=6 => {
                let expected = self.model.invite(actor, target, role);
                let joined = self.join(actor, target, role);
                assert_eq!(joined.as_ref().map(drop).map_err(|status| *status), expected, "{actor:?} invites {target} as {role}");
                if let Ok(session) = joined {
                    self.people[target].0 = session;
                    self.model.roles.insert(target, role);
                }
            }
            7..=8 => {
                let some = [
                    vec!["*"],
                    vec!["users:write"],
                    vec!["api-keys:write"],
                    READS.to_vec(),
                    READS.into_iter().chain(["users:write", "api-keys:write"]).collect(),
                ];
                let held = some[self.dice.roll(some.len())].iter().copied().collect();
                self.create_key(actor, held);
            }
            _ => {
                let key = self.dice.roll(keys);
                let expected = self.model.revoke_key(actor, key);
                let path = format!("/v1/management/api-keys/{}", self.model.keys[key].id);
                agree(&self.server.delete(&path).bearer(self.credential(actor)).send(), expected, 204);
                if expected.is_ok() {
                    self.model.keys[key].revoked = true;
                }
            }
        }
    }

    /// What the server says everybody is.
    fn roles(&self) -> BTreeMap<usize, String> {
        let owner = self.model.roles.iter().find(|(_, role)| **role == "owner").map(|(person, _)| *person);
        let owner = owner.expect("an owner");
        let list = self.server.get("/v1/management/users?limit=100").bearer(&self.people[owner].0.token).send().expect(200);
        let of = |row: &serde_json::Value| {
            let person = self.people.iter().position(|(_, id)| row["id"] == id.as_str()).expect("somebody known");
            (person, row["role"].as_str().unwrap().to_owned())
        };
        list["data"].as_array().unwrap().iter().map(of).collect()
    }
}

#[track_caller]
fn agree(answer: &Answer, expected: Result<(), u16>, success: u16) {
    assert_eq!(answer.status, expected.err().unwrap_or(success), "{answer}");
}

fn random_histories(backend: Backend) {
    let mut history = History::begin(backend);
    for _ in 0..STEPS {
        history.step();
    }
    let roles: BTreeMap<_, _> = history.model.roles.iter().map(|(person, role)| (*person, (*role).to_owned())).collect();
    assert_eq!(history.roles(), roles);
}
