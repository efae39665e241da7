//! Benchmarks whose measuring is written in JavaScript: starts the script and reads what it wrote.

use std::path::Path;
use std::time::Duration;

use anyhow::{Result, anyhow, bail};
use serde_json::Value;

use crate::bench::{Began, Wish};
use crate::repository::{self, Repository};
use crate::{node, progress};

/// A benchmark's `main.js`.
pub(crate) struct Script {
    /// The benchmark's name.
    pub(crate) name: &'static str,
    /// Where it is, with a lock file for what it measures beside alone.
    pub(crate) folder: &'static str,
    /// How long it may take.
    pub(crate) limit: Duration,
}

impl Script {
    /// Brings its packages and runs it with `order` and an `environment` of its own.
    ///
    /// # Errors
    /// When it cannot be run, or found a wrong answer.
    pub(crate) fn measure(
        &self,
        repository: &Repository,
        wish: &Wish,
        (mut order, environment): (Value, &[(&str, &Path)]),
        output: &Path,
    ) -> Result<Value> {
        let folder = repository.path(self.folder);
        node::packages_ready_in(repository, &folder)?.map_err(|missing| anyhow!("{missing}"))?;
        if let Some(fields) = order.as_object_mut() {
            fields.insert("length".to_owned(), wish.length().into());
            fields.insert("seed".to_owned(), wish.seed.into());
            fields.insert("output".to_owned(), output.display().to_string().into());
        }
        // The folder is there from now on.
        repository::write(output, b"{}")?;
        let mut measure = repository.command("node");
        measure.arg(folder.join("main.js")).arg(order.to_string());
        measure.envs(environment.iter().copied());
        let began = Began::now();
        let title = format!("bench {}", self.name);
        let ran = progress::run(repository, &title, &mut measure, self.limit)?;
        if !ran.passed {
            let (how, words) = (ran.how_it_ended(), ran.output_tail());
            bail!("the benchmark {how}, so there is no result:\n{words}");
        }
        began.read(repository, self.name, (wish.length(), wish.seed), output)
    }
}
