//! What can go wrong with a plan.

use tool::{Exit, Fail};

/// What can go wrong with a plan.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It is no plan, or not the whole of one.
    #[error("{name} is not a plan: {reason}")]
    Invalid {
        /// The file, or `stdin`.
        name: String,
        /// What is wrong with it.
        reason: String,
    },
    /// It is the plan of another program.
    #[error("{name} is a plan of {made_by}; {tool} cannot apply it")]
    OtherTool {
        /// The file, or `stdin`.
        name: String,
        /// The program that made it.
        made_by: String,
        /// The program that was asked to apply it.
        tool: String,
    },
    /// A side is not what it was when the plan was made.
    #[error("{}", moved.join("; "))]
    Moved {
        /// For each side, which one it is and what is different.
        moved: Vec<String>,
    },
    /// Neither side has moved, and yet other operations follow from them.
    #[error("the plan is not what follows from the repositories: {difference}")]
    Differs {
        /// The first operation that differs.
        difference: String,
    },
    /// It cannot be written as JSON.
    #[error("the plan cannot be written as JSON")]
    Write(#[source] serde_json::Error),
}

impl Fail for Error {
    fn exit(&self) -> Exit {
        match self {
            Self::Invalid { .. } | Self::OtherTool { .. } | Self::Differs { .. } => Exit::BadInput,
            Self::Moved { .. } => Exit::PlanMoved,
            Self::Write(_) => Exit::Failure,
        }
    }

    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Write(_) => return None,
            Self::Invalid { .. } => "Make one with --plan, and hand it over whole.",
            Self::OtherTool { made_by, .. } => {
                return Some(format!("Apply it with '{made_by} --apply'."));
            }
            Self::Moved { .. } => "Nothing was changed. Make a new plan, and review that.",
            Self::Differs { .. } => {
                "It was edited, or made by another version. Nothing was changed; make a new plan."
            }
        };
        Some(hint.to_owned())
    }
}
