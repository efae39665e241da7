//! The calibration in force: what estimates that people are shown follow, and nothing else (R11).
//!
//! There is one, the one that was put into force last; before any was, and after it was withdrawn,
//! it is empty, and the price book's own likely prices are shown.

use kumari_engine::calibration::Calibration;
use kumari_engine::id::CalibrationVersion;
use kumari_engine::time::Timestamp;
use kumari_store::{Store, StoreError, StoredCalibration};
use kumari_wire::CanonicalFault;
use std::sync::{Arc, PoisonError, RwLock};

/// A calibration with the bytes that its version is the hash of.
#[derive(Debug)]
pub(crate) struct InForce {
    /// What was learned.
    pub(crate) calibration: Calibration,
    /// Its canonical JSON.
    pub(crate) canonical: String,
    /// The SHA-256 of that.
    pub(crate) version: CalibrationVersion,
}

impl InForce {
    fn new(calibration: Calibration) -> Result<Self, CanonicalFault> {
        let canonical = kumari_wire::canonical(&calibration)?;
        let version = kumari_wire::calibration_version(&calibration)?;
        Ok(Self { calibration, canonical, version })
    }
}

/// Puts a calibration into force, and says its version.
///
/// # Errors
/// Where it has no canonical form, or the database says no.
pub(crate) async fn put(
    store: &dyn Store,
    calibration: Calibration,
    now: Timestamp,
) -> Result<CalibrationVersion, PutFault> {
    let InForce { canonical, version, .. } = InForce::new(calibration)?;
    let stored = StoredCalibration { version: version.clone(), json: canonical, published_at: now };
    store.put_calibration(stored).await?;
    Ok(version)
}

/// Why a calibration was not put into force.
#[derive(Debug, thiserror::Error)]
pub enum PutFault {
    /// The database says no.
    #[error("the database: {0}")]
    Store(#[from] StoreError),
    /// It has no canonical form.
    #[error("the calibration: {0}")]
    Canonical(#[from] CanonicalFault),
}

/// The calibration that this process estimates by.
#[derive(Debug)]
pub(crate) struct Calibrations {
    in_force: RwLock<Arc<InForce>>,
    /// The one in the database, whether it can be read or not.
    looked_at: RwLock<Option<CalibrationVersion>>,
}

impl Calibrations {
    /// That of a database.
    ///
    /// # Errors
    /// Where the database says no.
    pub(crate) async fn open(store: &dyn Store) -> Result<Self, PutFault> {
        let nothing = Arc::new(InForce::new(Calibration::default())?);
        let opened = Self { in_force: RwLock::new(nothing), looked_at: RwLock::default() };
        opened.look(store).await?;
        Ok(opened)
    }

    /// Reads what was put into force since, by whomever. One that cannot be read, as of a newer
    /// server, leaves what is in force, and is said once.
    ///
    /// # Errors
    /// Where the database says no.
    pub(crate) async fn look(&self, store: &dyn Store) -> Result<(), StoreError> {
        let known = self.looked_at.read().unwrap_or_else(PoisonError::into_inner).clone();
        let Some(found) = store.calibration(known.as_ref()).await? else { return Ok(()) };
        let StoredCalibration { version, json: canonical, .. } = found;
        match kumari_wire::read_calibration(&canonical) {
            Ok(calibration) => {
                let read = InForce { calibration, canonical, version: version.clone() };
                *self.in_force.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(read);
            }
            Err(fault) => tracing::warn!(%version, %fault, "a calibration is not read"),
        }
        *self.looked_at.write().unwrap_or_else(PoisonError::into_inner) = Some(version);
        Ok(())
    }

    /// The one in force.
    pub(crate) fn in_force(&self) -> Arc<InForce> {
        Arc::clone(&self.in_force.read().unwrap_or_else(PoisonError::into_inner))
    }
}
