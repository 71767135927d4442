//! What expressions may look at and call, and whether they do (see [`crate::expression`]).
use bellwire_wire::UsdNanos;
use cel::{
    IdedExpr,
    common::ast::{CallExpr, EntryExpr, Expr, LiteralValue, SelectExpr},
};

use crate::expression::ExpressionError;

const OPERATORS: &[&str] = &[
    "_?_:_",
    "_&&_",
    "_||_",
    "!_",
    "_-_",
    "_+_",
    "_*_",
    "_/_",
    "_%_",
    "_==_",
    "_!=_",
    "_>=_",
    "_<=_",
    "_>_",
    "_<_",
    "-_",
    "_[_]",
    "@in",
    "@not_strictly_false",
];
const FUNCTIONS: &[&str] = &[
    "size",
    "contains",
    "startsWith",
    "endsWith",
    "matches",
    "int",
    "uint",
    "double",
    "string",
    "bool",
    "type",
    "dyn",
];
/// Makes an amount of a text, where there is money to look at.
pub(crate) const USD: &str = "usd";

/// What an expression is known to be before it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Type {
    Bool,
    Number,
    /// Whole nano-dollars: no other number compares with them.
    Money,
    Text,
    List,
    Map,
    Null,
    Dyn,
}

impl Type {
    /// As people say it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Bool => "a bool",
            Self::Number => "a number",
            Self::Money => "an amount",
            Self::Text => "a string",
            Self::List => "a list",
            Self::Map => "a map",
            Self::Null => "null",
            Self::Dyn => "unknown",
        }
    }

    fn expect(self, wanted: Self) -> Result<(), ExpressionError> {
        if self == wanted || self == Self::Dyn { Ok(()) } else { Err(ExpressionError::Type(self.name())) }
    }
}

/// What expressions of one kind may look at.
pub(crate) struct Vocabulary {
    /// The variables, all of them maps, with their members.
    pub(crate) variables: &'static [(&'static str, &'static [(&'static str, Type)])],
    /// Whether they may call `usd`.
    pub(crate) money: bool,
    /// What they see, as a sentence.
    pub(crate) sees: &'static str,
}

impl Vocabulary {
    /// What an expression answers, if all that it names and calls is there.
    pub(crate) fn check(&self, expression: &IdedExpr) -> Result<Type, ExpressionError> {
        Check { vocabulary: self, scope: Vec::new() }.walk(expression, false)
    }

    fn members(&self, variable: &str) -> Option<&'static [(&'static str, Type)]> {
        self.variables.iter().find(|(name, _)| *name == variable).map(|(_, members)| *members)
    }

    fn unknown(&self, name: String) -> ExpressionError {
        ExpressionError::Name { name, sees: self.sees }
    }
}

/// Walks an expression: names, functions and nesting are known, and what can be told of types fits.
struct Check<'v> {
    vocabulary: &'v Vocabulary,
    /// Variables of the loop it is in.
    scope: Vec<String>,
}

impl Check<'_> {
    fn walk(&mut self, node: &IdedExpr, looping: bool) -> Result<Type, ExpressionError> {
        match &node.expr {
            Expr::Unspecified => Err(ExpressionError::Syntax("empty expression".into())),
            Expr::Literal(literal) => Ok(match literal {
                LiteralValue::Boolean(_) => Type::Bool,
                LiteralValue::Double(_) | LiteralValue::Int(_) | LiteralValue::UInt(_) => Type::Number,
                LiteralValue::String(_) => Type::Text,
                LiteralValue::Null => Type::Null,
                LiteralValue::Bytes(_) => Type::Dyn,
            }),
            Expr::Ident(name) if self.vocabulary.members(name).is_some() => Ok(Type::Map),
            Expr::Ident(name) if self.scope.contains(name) => Ok(Type::Dyn),
            Expr::Ident(name) => Err(self.vocabulary.unknown(name.clone())),
            Expr::Select(select) => self.select(select, looping),
            Expr::List(list) => {
                list.elements.iter().try_for_each(|item| self.walk(item, looping).map(drop))?;
                Ok(Type::List)
            }
            Expr::Map(map) => {
                for entry in &map.entries {
                    if let EntryExpr::MapEntry(entry) = &entry.expr {
                        self.walk(&entry.key, looping)?;
                        self.walk(&entry.value, looping)?;
                    }
                }
                Ok(Type::Map)
            }
            Expr::Struct(made) => Err(self.vocabulary.unknown(made.type_name.clone())),
            Expr::Call(call) => self.call(call, looping),
            Expr::Comprehension(each) => {
                if looping {
                    return Err(ExpressionError::Nested);
                }
                self.walk(&each.iter_range, true)?;
                self.walk(&each.accu_init, true)?;
                let depth = self.scope.len();
                self.scope.extend([each.iter_var.clone(), each.accu_var.clone()]);
                self.scope.extend(each.iter_var2.clone());
                let inner = [&each.loop_cond, &each.loop_step, &each.result]
                    .into_iter()
                    .try_for_each(|part| self.walk(part, true).map(drop));
                self.scope.truncate(depth);
                inner.map(|()| Type::Dyn)
            }
        }
    }

    fn select(&mut self, select: &SelectExpr, looping: bool) -> Result<Type, ExpressionError> {
        self.walk(&select.operand, looping)?;
        let members = match &select.operand.expr {
            Expr::Ident(name) => self.vocabulary.members(name).map(|members| (name, members)),
            _ => None,
        };
        let known = match members {
            None => Type::Dyn,
            Some((variable, members)) => {
                let member = members.iter().find(|(member, _)| *member == select.field);
                let unknown = || self.vocabulary.unknown(format!("{variable}.{}", select.field));
                member.map(|(_, known)| *known).ok_or_else(unknown)?
            }
        };
        Ok(if select.test { Type::Bool } else { known })
    }

    fn call(&mut self, call: &CallExpr, looping: bool) -> Result<Type, ExpressionError> {
        if looping && self.vocabulary.money && call.func_name == "matches" {
            return Err(ExpressionError::PatternInLoop);
        }
        let target = call.target.as_deref().map(|target| self.walk(target, looping)).transpose()?;
        let args = call.args.iter().map(|arg| self.walk(arg, looping)).collect::<Result<Vec<_>, _>>()?;
        if call.func_name != USD || !self.vocabulary.money {
            return result_of(&call.func_name, target, &args);
        }
        match (call.args.as_slice(), args.as_slice(), target) {
            ([arg], [known], None) => {
                known.expect(Type::Text)?;
                if let Expr::Literal(LiteralValue::String(text)) = &arg.expr {
                    text.inner().parse::<UsdNanos>()?;
                }
                Ok(Type::Money)
            }
            _ => Err(ExpressionError::Function("usd, which takes one string".into())),
        }
    }
}

/// What a call answers, if it exists and its arguments can fit.
fn result_of(name: &str, target: Option<Type>, args: &[Type]) -> Result<Type, ExpressionError> {
    let all = |wanted: Type| args.iter().try_for_each(|arg| arg.expect(wanted));
    match name {
        "_&&_" | "_||_" | "!_" => all(Type::Bool).map(|()| Type::Bool),
        "_+_" => match args {
            [Type::Money, Type::Number] | [Type::Number, Type::Money] => Err(ExpressionError::Amount),
            [a, b] if a == b => Ok(*a),
            _ => Ok(Type::Dyn),
        },
        "_-_" | "_*_" | "_/_" | "_%_" | "-_" => arithmetic(name, args),
        "_<_" | "_<=_" | "_>_" | "_>=_" => {
            let known: Vec<Type> = args.iter().copied().filter(|arg| *arg != Type::Dyn).collect();
            let orders = |arg: &Type| matches!(arg, Type::Number | Type::Money | Type::Text | Type::Bool);
            if let Some(bad) = known.iter().find(|arg| !orders(arg)) {
                return Err(ExpressionError::Type(bad.name()));
            }
            match known.as_slice() {
                [a, b] => alike(*a, *b),
                _ => Ok(Type::Bool),
            }
        }
        "_==_" | "_!=_" => match args {
            [a, b] if ![*a, *b].iter().any(|side| matches!(side, Type::Dyn | Type::Null)) => alike(*a, *b),
            _ => Ok(Type::Bool),
        },
        "@in" | "@not_strictly_false" | "bool" => Ok(Type::Bool),
        "contains" | "startsWith" | "endsWith" | "matches" => {
            target.into_iter().chain(args.iter().copied()).try_for_each(|part| part.expect(Type::Text))?;
            Ok(Type::Bool)
        }
        // No float is made of money.
        "double" if args == [Type::Money] => Err(ExpressionError::Amount),
        "size" | "int" | "uint" | "double" => Ok(Type::Number),
        "string" => Ok(Type::Text),
        "_?_:_" => {
            args.first().copied().unwrap_or(Type::Dyn).expect(Type::Bool)?;
            Ok(match args {
                [_, a, b] if a == b => *a,
                _ => Type::Dyn,
            })
        }
        _ if OPERATORS.contains(&name) || FUNCTIONS.contains(&name) => Ok(Type::Dyn),
        _ => Err(ExpressionError::Function(name.to_owned())),
    }
}

fn alike(one: Type, other: Type) -> Result<Type, ExpressionError> {
    match (one, other) {
        (one, other) if one == other => Ok(Type::Bool),
        (Type::Money, Type::Number) | (Type::Number, Type::Money) => Err(ExpressionError::Amount),
        (_, other) => Err(ExpressionError::Type(other.name())),
    }
}

/// Amounts are added to amounts; so many times one is an amount, and one in another is a number.
fn arithmetic(name: &str, args: &[Type]) -> Result<Type, ExpressionError> {
    let numbers = |arg: &Type| matches!(arg, Type::Number | Type::Money | Type::Dyn);
    if let Some(bad) = args.iter().find(|arg| !numbers(arg)) {
        return Err(ExpressionError::Type(bad.name()));
    }
    if !args.contains(&Type::Money) {
        return Ok(Type::Number);
    }
    match (name, args) {
        ("_-_" | "_%_", [Type::Money, Type::Number] | [Type::Number, Type::Money])
        | ("_/_", [Type::Number, Type::Money])
        | ("_*_", [Type::Money, Type::Money]) => Err(ExpressionError::Amount),
        ("_/_", [Type::Money, Type::Money]) => Ok(Type::Number),
        (_, args) if args.contains(&Type::Dyn) => Ok(Type::Dyn),
        _ => Ok(Type::Money),
    }
}
