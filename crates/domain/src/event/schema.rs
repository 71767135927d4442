//! JSON Schemas that the data of a custom type must satisfy.
//!
//! A schema is hostile until checked: it may not refer to anything outside itself, its size is
//! bounded, and its patterns run on an engine whose time is linear in the text.
use std::fmt;

use jsonschema::{PatternOptions, Validator};
use serde_json::Value;

use crate::{Fault, fault::field_path};

/// The most a schema's text may measure, in bytes.
const SCHEMA_BYTES_MAX: usize = 64 * 1024;

/// A compiled JSON Schema (draft 2020-12 unless it names another).
pub struct DataSchema {
    source: Value,
    validator: Validator,
}

/// Why a JSON value is not a schema.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SchemaError {
    /// It is too large.
    #[error("must be at most 65536 bytes")]
    Large,
    /// It is not an object.
    #[error("must be a JSON object: a JSON Schema")]
    Shape,
    /// It does not compile.
    #[error("is not a JSON Schema: {0}")]
    Invalid(String),
}

impl DataSchema {
    /// Compiles a schema.
    pub fn compile(source: Value) -> Result<Self, SchemaError> {
        if !source.is_object() {
            return Err(SchemaError::Shape);
        }
        if source.to_string().len() > SCHEMA_BYTES_MAX {
            return Err(SchemaError::Large);
        }
        let validator = jsonschema::options()
            .offline()
            .with_pattern_options(PatternOptions::regex().size_limit(1 << 20))
            .should_validate_formats(true)
            .build(&source)
            .map_err(|error| SchemaError::Invalid(error.to_string()))?;
        Ok(Self { source, validator })
    }

    /// The schema as given.
    pub fn source(&self) -> &Value {
        &self.source
    }

    /// Everything wrong with `data`, each with its path below `root`.
    pub fn faults(&self, data: &Value, root: &str) -> Vec<Fault> {
        self.validator
            .iter_errors(data)
            .take(FAULTS_MAX)
            .map(|error| Fault {
                field: field_path(root, error.instance_path().as_str()),
                detail: error.masked_with("the value").to_string(),
            })
            .collect()
    }
}

/// More faults than this help nobody.
const FAULTS_MAX: usize = 50;

impl fmt::Debug for DataSchema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DataSchema")
    }
}
