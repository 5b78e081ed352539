//! Server-side apply of many objects: round trips bind it, so as many are in flight as the server takes.

use super::Cluster;
use crate::kubernetes::{
    condition::{condition, throttled},
    discovery::Resource,
    window::Window,
};
use domain::{
    PhaseError,
    manifest::{
        ObjectId, Prepared,
        applied::{is_applied, owns_nothing},
    },
    object::is_initial_namespace,
    ports::{
        KubernetesApi,
        kubernetes::{FIELD_MANAGER, Tried},
    },
};
use futures::{
    StreamExt, TryStreamExt,
    future::{join, try_join},
    stream::FuturesUnordered,
};
use http::{Method, Request, header::CONTENT_TYPE};
use kube::Error;
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet, HashMap, VecDeque},
    time::Duration,
};

/// After so many throttles of one object the apply ends, and Step Functions tries again with backoff.
const MOST_THROTTLES: u8 = 5;

/// For how long after the deadline an answer is awaited: a webhook may take half a minute, and how far the apply is must be kept
/// before AWS stops the function.
const GRACE: Duration = Duration::from_secs(2);

/// The first pause between two looks whether a kind is served, and the longest: each is twice as long as the one before.
const BETWEEN_LOOKS: [Duration; 2] = [Duration::from_millis(25), Duration::from_millis(250)];

/// From how many objects of a kind on they are compared by a list. For fewer an apply of each costs no more.
const WORTH_A_LIST: usize = 4;

/// How many kinds are listed at once: each holds a page.
const LISTS: usize = 4;

/// The API versions of the kinds that most bundles have.
const CUSTOMARY: [&str; 8] = [
    "v1",
    "apps/v1",
    "rbac.authorization.k8s.io/v1",
    "batch/v1",
    "networking.k8s.io/v1",
    "policy/v1",
    "autoscaling/v2",
    "apiextensions.k8s.io/v1",
];

type Kind<'a> = (&'a str, &'a str);

fn kind(object: &Prepared) -> Kind<'_> {
    (&object.id.api_version, &object.id.kind)
}

/// How a server serves kinds; `None` for those that it does not.
type Served<'a> = BTreeMap<Kind<'a>, Result<Option<Resource>, PhaseError>>;

/// The objects of one kind that are looked for: by namespace and name, where each is in the batch.
type Wanted<'a> = HashMap<(&'a str, &'a str), usize>;

/// For what objects are sent.
#[derive(Clone, Copy)]
struct Manner {
    query: &'static str,
    failed: fn(&Cluster, &ObjectId, &Error) -> PhaseError,
}

const APPLY: Manner = Manner { query: "", failed: |cluster, id, error| cluster.failed("applying", id, error) };

/// Which object is said by who asks: the object that is sent may stand for another one.
const REHEARSE: Manner = Manner {
    query: "&dryRun=All&fieldValidation=Strict",
    failed: |cluster, _, error| condition(&format!("the API server of {}", cluster.name), error, cluster.settling),
};

impl Cluster {
    /// HTTP/1.1 takes a connection for each request that is under way, and each its handshakes.
    pub(super) async fn warm_up(&self, objects: usize) -> Result<(), PhaseError> {
        let kinds: FuturesUnordered<_> = CUSTOMARY.iter().map(|api_version| self.ask(api_version)).collect();
        let open = async || {
            let answer = self.request(Method::GET, "/api", None).await;
            answer.map(drop).map_err(|error| self.failed("asking for", "the API versions", &error))
        };
        let connections = objects.min(Window::new().size());
        let others: FuturesUnordered<_> = (CUSTOMARY.len()..connections).map(|_| open()).collect();
        try_join(kinds.try_collect::<()>(), others.try_collect::<()>()).await.map(drop)
    }

    pub(super) async fn compare(&self, objects: &[&Prepared]) -> Result<Vec<bool>, PhaseError> {
        let (served, namespaces) = join(self.serving(objects, Duration::ZERO), self.namespaces(objects)).await;
        let namespaces = namespaces?;
        let mut kinds: BTreeMap<Kind<'_>, Wanted<'_>> = BTreeMap::new();
        for (index, object) in objects.iter().enumerate() {
            let (id, kind) = (&object.id, kind(object));
            // Nothing is there of a kind that is not served, nor before its namespace.
            let Some(resource) = served[&kind].as_ref().map_err(Clone::clone)? else { continue };
            let namespace = id.namespace_or_default();
            if resource.is_namespaced() && !is_initial_namespace(namespace) && !namespaces.contains(namespace) {
                continue;
            }
            kinds.entry(kind).or_default().insert((namespace, &id.name), index);
        }
        let (many, few): (Vec<_>, Vec<_>) = kinds.into_iter().partition(|(_, of)| of.len() >= WORTH_A_LIST);
        let bare = self.bare(objects, few.iter().flat_map(|(_, of)| of.values().copied()));
        let (bare, listed) = try_join(bare, self.compare_kinds(objects, many)).await?;
        let mut applied = vec![false; objects.len()];
        bare.into_iter().chain(listed).for_each(|index| applied[index] = true);
        Ok(applied)
    }

    /// The namespaces that are there, as far as the objects need to know.
    async fn namespaces(&self, objects: &[&Prepared]) -> Result<BTreeSet<String>, PhaseError> {
        if objects.iter().all(|object| is_initial_namespace(object.id.namespace_or_default())) {
            return Ok(BTreeSet::new());
        }
        let found = self.metadata("v1", "Namespace").await?;
        Ok(found.iter().filter_map(|metadata| metadata["name"].as_str().map(str::to_owned)).collect())
    }

    async fn compare_kinds(
        &self,
        objects: &[&Prepared],
        kinds: Vec<(Kind<'_>, Wanted<'_>)>,
    ) -> Result<Vec<usize>, PhaseError> {
        let mut lists = kinds.into_iter();
        let mut flying = FuturesUnordered::new();
        let mut found = Vec::new();
        loop {
            while flying.len() < LISTS
                && let Some((kind, wanted)) = lists.next()
            {
                flying.push(self.compare_kind(objects, kind, wanted));
            }
            match flying.next().await {
                Some(listed) => found.extend(listed?),
                None => return Ok(found),
            }
        }
    }

    /// Those of the objects that are there and that own no field: sent again, each would be written once more.
    async fn bare(&self, objects: &[&Prepared], asked: impl Iterator<Item = usize>) -> Result<Vec<usize>, PhaseError> {
        let bare = asked.filter(|index| owns_nothing(&objects[*index].value()));
        let mut looks: FuturesUnordered<_> =
            bare.map(async |index| self.get(&objects[index].id).await.map(|live| (index, live))).collect();
        let mut found = Vec::new();
        while let Some(look) = looks.next().await {
            let (index, live) = look?;
            if live.is_some_and(|live| is_applied(&live, &objects[index].value())) {
                found.push(index);
            }
        }
        Ok(found)
    }

    async fn compare_kind(
        &self,
        objects: &[&Prepared],
        (api_version, kind): Kind<'_>,
        wanted: Wanted<'_>,
    ) -> Result<Vec<usize>, PhaseError> {
        let Some(resource) = self.resource(api_version, kind).await? else {
            return Ok(Vec::new());
        };
        let mut applied = Vec::new();
        let see = |live: Value| {
            let text = |name: &str| live["metadata"][name].as_str().unwrap_or_default();
            let namespace =
                if resource.is_namespaced() { text("namespace") } else { domain::object::DEFAULT_NAMESPACE };
            if let Some(index) = wanted.get(&(namespace, text("name")))
                && is_applied(&live, &objects[*index].value())
            {
                applied.push(*index);
            }
        };
        self.pages(&resource.collection(api_version, None), kind, super::pages::WHOLE, see).await?;
        Ok(applied)
    }

    /// How this server serves the kinds of the objects; what it does not serve is asked for again for so long.
    async fn serving<'a>(&self, objects: &[&'a Prepared], patience: Duration) -> Served<'a> {
        let mut versions: BTreeMap<&'a str, BTreeSet<&'a str>> = BTreeMap::new();
        for (api_version, kind) in objects.iter().map(|object| kind(object)) {
            versions.entry(api_version).or_default().insert(kind);
        }
        let mut found = BTreeMap::new();
        let until = tokio::time::Instant::now() + patience;
        let [mut pause, longest] = BETWEEN_LOOKS;
        loop {
            let asked: FuturesUnordered<_> =
                versions.iter().map(|(api_version, kinds)| self.of_version(api_version, kinds)).collect();
            let answers: Vec<_> = asked.collect().await;
            found.extend(answers.into_iter().flatten());
            versions.retain(|api_version, kinds| {
                kinds.retain(|kind| !matches!(found[&(*api_version, *kind)], Ok(Some(_))));
                !kinds.is_empty()
            });
            if versions.is_empty() || tokio::time::Instant::now() >= until {
                return found;
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(longest);
        }
    }

    /// How this server serves kinds of one version, with one request where one of them is not known.
    async fn of_version<'a>(
        &self,
        api_version: &'a str,
        kinds: &BTreeSet<&'a str>,
    ) -> Vec<(Kind<'a>, Result<Option<Resource>, PhaseError>)> {
        let is_known = kinds.iter().all(|kind| self.known(api_version, kind).is_some());
        let asked = if is_known { Ok(()) } else { self.ask(api_version).await };
        let of = |kind: &&'a str| match self.known(api_version, kind) {
            Some(resource) => ((api_version, *kind), Ok(Some(resource))),
            None => ((api_version, *kind), asked.clone().map(|()| None)),
        };
        kinds.iter().map(of).collect()
    }

    pub(super) async fn send(&self, objects: &[&Prepared], deadline: jiff::Timestamp) -> Vec<Result<(), PhaseError>> {
        let served = self.serving(objects, self.patience).await;
        let answers = self.send_all(objects, &served, APPLY, deadline).await;
        let answers = answers.into_iter().zip(objects);
        answers.map(|(answer, object)| answer.and_then(|tried| self.must_serve(tried, &object.id))).collect()
    }

    fn must_serve(&self, tried: Tried, id: &ObjectId) -> Result<(), PhaseError> {
        match tried {
            Tried::Accepted => Ok(()),
            Tried::NotServed => Err(self.unserved(id)),
        }
    }

    pub(super) async fn try_all(
        &self,
        objects: &[&Prepared],
        deadline: jiff::Timestamp,
    ) -> Vec<Result<Tried, PhaseError>> {
        let served = self.serving(objects, Duration::ZERO).await;
        self.send_all(objects, &served, REHEARSE, deadline).await
    }

    async fn send_all(
        &self,
        objects: &[&Prepared],
        served: &Served<'_>,
        manner: Manner,
        deadline: jiff::Timestamp,
    ) -> Vec<Result<Tried, PhaseError>> {
        let unsent = || Err(PhaseError::not_ready("not sent before the deadline of this invocation"));
        let mut answers: Vec<Result<Tried, PhaseError>> = objects.iter().map(|_| unsent()).collect();
        let mut queue = VecDeque::with_capacity(objects.len());
        for (index, object) in objects.iter().enumerate() {
            match &served[&kind(object)] {
                Ok(Some(resource)) => queue.push_back((index, resource, 0)),
                Ok(None) => answers[index] = Ok(Tried::NotServed),
                Err(error) => answers[index] = Err(error.clone()),
            }
        }
        let mut window = Window::new();
        let mut flying = FuturesUnordered::new();
        loop {
            while flying.len() < window.size()
                && jiff::Timestamp::now() < deadline
                && let Some((index, resource, throttles)) = queue.pop_front()
            {
                answers[index] = Err(PhaseError::not_ready(format!("{}: no answer yet", objects[index].id)));
                flying.push(async move {
                    let answer = self.send_one(objects[index], resource, manner.query).await;
                    (index, resource, throttles, answer)
                });
            }
            let left = Duration::try_from(deadline.duration_since(jiff::Timestamp::now())).unwrap_or_default();
            let Ok(Some((index, resource, throttles, answer))) =
                tokio::time::timeout(left.saturating_add(GRACE), flying.next()).await
            else {
                return answers;
            };
            match answer {
                Ok(()) => {
                    window.opened();
                    answers[index] = Ok(Tried::Accepted);
                }
                Err(error) => match throttled(&error) {
                    Some(retry_after) if throttles < MOST_THROTTLES => {
                        tokio::time::sleep(window.throttled(retry_after)).await;
                        queue.push_back((index, resource, throttles + 1));
                    }
                    _ => answers[index] = Err((manner.failed)(self, &objects[index].id, &error)),
                },
            }
        }
    }

    async fn send_one(&self, object: &Prepared, resource: &Resource, query: &str) -> Result<(), Error> {
        let force = if object.is_forced { "&force=true" } else { "" };
        let path = format!("{}?fieldManager={FIELD_MANAGER}{force}{query}", resource.object(&object.id));
        let request = Request::patch(path).header(CONTENT_TYPE, "application/apply-patch+yaml");
        let request = request.body(body(object, resource)).map_err(Error::HttpError)?;
        // The object as it is then is of no interest.
        self.client.request_text(request).await.map(|_| ())
    }
}

/// What is sent: without a namespace where the kind has none, as kubectl sends it.
fn body(object: &Prepared, resource: &Resource) -> Vec<u8> {
    if resource.is_namespaced() || object.id.namespace.is_none() {
        return object.json.to_vec();
    }
    let mut value = object.value();
    if let Some(metadata) = value.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.remove("namespace");
    }
    value.to_string().into_bytes()
}
