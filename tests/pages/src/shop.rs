//! The shop, asked about its qualification.

use domain::{
    Migration, MigrationId, TaskToken,
    approval::{Answer, Asked, Code, Decision, Link, ListLink, Question, StatusLink},
    evidence::{Evidence, OnlyOnBlue, Smoke, Targets, Workload},
    ports::{Approvals as _, Clock as _, Leases as _, Ledger as _, Migrations as _, Signatures as _, schedules::When},
    progress::TEMPORARY_URL,
    resources::schedule::{self, Occasion},
    shift::Shift,
};
use serde_json::{Value, json};
use std::sync::Arc;
use testing::{Account, shop::input};

/// The shop with a question to people.
#[derive(Debug)]
pub struct Shop {
    /// Its account.
    pub account: Arc<Account>,
    /// Its migration.
    pub migration: Migration,
    /// The query of the link in the message.
    pub link: String,
    /// The code beside it.
    pub code: String,
    /// The query of the link to the status page.
    pub status: String,
    /// The query of the link to the list of migrations.
    pub list: String,
    /// The code beside the link to the status page.
    pub status_code: String,
}

impl Shop {
    /// Asks about green, two days before the deadline.
    ///
    /// # Errors
    /// What the account in memory refuses, as text.
    pub async fn ask() -> Result<Self, String> {
        let (account, migration) = Account::opened(&input()).map_err(|problems| format!("{problems:?}"))?;
        let said = |error: domain::PhaseError| error.to_string();
        for phase in ["provision-network", "provision-control-plane", "provision-nodes", "validate"] {
            account.lease(&migration.id, phase, "request", account.now()).await.map_err(said)?;
            account.wait(jiff::SignedDuration::from_mins(4));
            account.release(&migration.id, phase, "request", None).await.map_err(said)?;
        }
        account.record(&migration, "validated", json!({})).await.map_err(said)?;
        let evidence = json!({
            TEMPORARY_URL: "https://t1.execute-api.eu-central-1.amazonaws.com/prod",
            "validate": { "evidence": evidence() },
        });
        let deadline =
            account.now().checked_add(jiff::SignedDuration::from_hours(47)).map_err(|error| error.to_string())?;
        let asked = Asked {
            id: migration.id.clone(),
            question: Question::Qualification,
            number: 1,
            token: TaskToken::new("t"),
            digest: Asked::digest_of(&migration.plan.digest(), &evidence),
            evidence,
            deadline,
            answer: None,
        };
        account.ask(&migration, &asked).await.map_err(said)?;
        let link = Link {
            migration: asked.id.clone(),
            question: asked.question,
            digest: asked.digest.clone(),
            expires: deadline.as_second(),
        };
        let status = StatusLink::new(&migration.id, account.now());
        let code = Code::of(&account.sign(&link.code_text()).await.map_err(said)?).to_string();
        let status_code = Code::of(&account.sign(&status.code_text()).await.map_err(said)?).to_string();
        let list = ListLink::new(account.now());
        let list = query(&list.parameters(&account.sign(&list.text()).await.map_err(said)?));
        let link = query(&link.parameters(&account.sign(&link.text()).await.map_err(said)?));
        let status = query(&status.parameters(&account.sign(&status.text()).await.map_err(said)?));
        Ok(Self { account: Arc::new(account), migration, link, code, status, list, status_code })
    }

    /// The same once green serves, and a schedule is to delete blue three days later.
    ///
    /// # Errors
    /// What the account in memory refuses, as text.
    pub async fn keep() -> Result<Self, String> {
        let said = |error: domain::PhaseError| error.to_string();
        let shop = Self::ask().await?;
        let (account, migration) = (&*shop.account, &shop.migration);
        let now = account.now();
        let (at, decision, by) = (now, Decision::Approved, "Ana Lima".to_owned());
        let yes = Answer { decision, by, comment: "Looks well.".to_owned(), at, caller: None };
        account.answer(&migration.id, (Question::Qualification, 1), &yes).await.map_err(said)?;
        account.record(migration, "traffic moved", json!({ "share": 100, "from": 0 })).await.map_err(said)?;
        Shift { guarded: 1, share: 100, started_at: now, shifted_at: now }
            .save(account, migration)
            .await
            .map_err(said)?;
        account.pass_bake(migration).await.map_err(said)?;
        let later = When::At(now.checked_add(jiff::SignedDuration::from_hours(72)).map_err(|error| error.to_string())?);
        schedule::ensure(account, migration, Occasion::Cleanup, later, "arn:cleanup", json!({})).await.map_err(said)?;
        account.promote(migration).await.map_err(said)?;
        // Others of the account, for the list.
        for (name, outcome) in [("orders-dry-run", "Planned"), ("orders", "BlueServes"), ("stock", "GreenServes")] {
            let other = of_another_cluster(name)?;
            account.enter(&other);
            account.end(&other, outcome).await.map_err(said)?;
        }
        account.enter(&of_another_cluster("orders-again")?);
        Ok(shop)
    }

    /// The answer that stands, where there is one.
    #[must_use]
    pub fn answer(&self) -> Option<Value> {
        let asked = self.account.question(&self.migration, "qualification")?;
        asked.answer.map(|answer| json!(answer))
    }
}

/// A migration of another cluster and API, which holds none of this one's locks.
fn of_another_cluster(name: &str) -> Result<Migration, String> {
    let mut input = input();
    input["blue"]["cluster"] = format!("{name}-blue").into();
    input["green"]["cluster"] = format!("{name}-green").into();
    input["gateway"]["restApiId"] = name.into();
    let (_, other) = Account::opened(&input).map_err(|problems| format!("{problems:?}"))?;
    let id = MigrationId::new(format!("arn:aws:states:eu-central-1:123456789012:execution:bascule-migrate:{name}"));
    Ok(Migration { id, ..other })
}

fn query(parameters: &[(&'static str, String)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish()
}

/// Long names and many rows, as people have them.
fn evidence() -> Evidence {
    let workload = |number: i64| Workload {
        images: Some(vec![format!(
            "123456789012.dkr.ecr.eu-central-1.amazonaws.com/shop/service-{number}@sha256:{number:064x}"
        )]),
        blue: Some("a".to_owned()),
        green: Some("a".to_owned()),
        replicas: Some(number),
        blue_replicas: Some(number),
        ready: Some(number),
    };
    let smoke = |path: &str, blue_millis, green_millis| Smoke {
        path: path.to_owned(),
        blue: Some(200),
        green: 200,
        blue_millis,
        green_millis,
        ..Smoke::default()
    };
    Evidence {
        workloads: (1..13)
            .map(|number| (format!("Deployment/default/service-with-a-long-name-{number}"), workload(number)))
            .collect(),
        targets: [("shop-blue-http".to_owned(), Targets { healthy: 6, targets: 6 })].into(),
        smoke: vec![smoke("/products", 41, 38), smoke("/cart", 112, 480), smoke("/", 25, 27)],
        alarms: [("arn:aws:cloudwatch:eu-central-1:123456789012:alarm:shop-5xx".to_owned(), "OK".to_owned())].into(),
        only_on_blue: OnlyOnBlue { count: 1, names: vec!["ConfigMap/default/left-by-hand".to_owned()] },
        unready: [].into(),
    }
}
