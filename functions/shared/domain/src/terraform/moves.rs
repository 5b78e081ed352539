//! Moves within one state, as `terraform state mv` makes them
//! (<https://developer.hashicorp.com/terraform/cli/commands/state/mv>,
//! <https://github.com/hashicorp/terraform/blob/v1.11.4/internal/command/state_mv.go>).

use super::{
    Address, State,
    address::{Call, Key, Local, path},
    state::{Instance, Resource, Unreadable},
};

/// The state after these moves, one after the other, as Terraform writes it: its serial grows once with each.
///
/// # Errors
/// The number of the move that cannot be made, from 0, and why.
pub fn moved(mut state: State<'_>, moves: &[(Address, Address)]) -> Result<String, (usize, String)> {
    for (number, (from, to)) in moves.iter().enumerate() {
        one(&mut state, from, to).map_err(|why| (number, why))?;
    }
    // As Terraform sorts them, module paths as they are written.
    state.resources.sort_by_cached_key(|resource| {
        (path(&resource.module), resource.local.mode, resource.local.kind.clone(), resource.local.name.clone())
    });
    for resource in state.resources.iter_mut().filter(|resource| resource.raw.is_none()) {
        resource.instances.sort_by(|one, other| (&one.key, &one.deposed).cmp(&(&other.key, &other.deposed)));
    }
    let serial = state.serial + moves.len() as u64;
    Ok(state.written(serial))
}

fn one(state: &mut State<'_>, from: &Address, to: &Address) -> Result<(), String> {
    match (&from.resource, &to.resource) {
        (None, None) => module(state, &from.module, &to.module)?,
        (Some(found), Some(wanted)) if found.mode == wanted.mode && found.kind == wanted.kind => {
            resource(state, from, to)?;
        }
        (None, Some(_)) => return Err(format!("{from} is a module, and {to} is not")),
        (Some(_), None) => return Err(format!("{to} is a module, and {from} is not")),
        (Some(_), Some(_)) => return Err(format!("{from} and {to} are of different types")),
    }
    forget(state, from).map_err(|error| error.to_string())
}

fn module(state: &mut State<'_>, from: &[Call], to: &[Call]) -> Result<(), String> {
    if !state.resources.iter().any(|resource| resource.module.starts_with(from)) {
        return Err(format!("the state has nothing in {}", path(from)));
    }
    let target = |module: &[Call]| [to, &module[from.len()..]].concat();
    let taken = state.resources.iter().filter(|resource| resource.module.starts_with(from)).find(|resource| {
        let target = target(&resource.module);
        state.resources.iter().any(|other| other.module == target)
    });
    if let Some(taken) = taken {
        return Err(format!("the state has something in {} already", path(&target(&taken.module))));
    }
    for resource in state.resources.iter_mut().filter(|resource| resource.module.starts_with(from)) {
        resource.module = target(&resource.module);
        resource.raw = None;
    }
    Ok(())
}

fn place(state: &State<'_>, module: &[Call], local: &Local) -> Option<usize> {
    state.resources.iter().position(|resource| resource.module == module && resource.local == *local)
}

fn resource(state: &mut State<'_>, from: &Address, to: &Address) -> Result<(), String> {
    let (Some(found), Some(wanted)) = (&from.resource, &to.resource) else { return Ok(()) };
    let source = place(state, &from.module, found).ok_or_else(|| format!("the state has no {from}"))?;
    let target = place(state, &to.module, wanted);
    let has = |place: usize, key: &Key| state.resources[place].instances.iter().any(|instance| instance.key == *key);
    // An address without a key is the only instance, or the resource with all of its instances.
    if from.key == Key::None && !has(source, &Key::None) {
        if to.key != Key::None {
            return Err(format!("{from} has several instances, and {to} is one"));
        }
        if target.is_some() {
            return Err(format!("the state has {to} already"));
        }
        let resource = &mut state.resources[source];
        resource.module.clone_from(&to.module);
        resource.local = wanted.clone();
        resource.raw = None;
        return Ok(());
    }
    if !has(source, &from.key) {
        return Err(format!("the state has no {from}"));
    }
    if target.is_some_and(|target| has(target, &to.key)) {
        return Err(format!("the state has {to} already"));
    }
    let resource = &mut state.resources[source];
    let provider = resource.provider;
    let (going, staying): (Vec<_>, Vec<_>) =
        std::mem::take(&mut resource.instances).into_iter().partition(|instance| instance.key == from.key);
    resource.instances = staying;
    resource.raw = None;
    let going = going.into_iter().map(|instance| Instance { key: to.key.clone(), ..instance });
    if let Some(target) = target {
        state.resources[target].instances.extend(going);
        state.resources[target].raw = None;
    } else {
        let (module, local) = (to.module.clone(), wanted.clone());
        state.resources.push(Resource { module, local, instances: going.collect(), provider, raw: None });
    }
    if state.resources[source].instances.is_empty() {
        state.resources.remove(source);
    }
    Ok(())
}

/// Forgets all dependencies of whatever depends on what was moved: Terraform finds them again.
fn forget(state: &mut State<'_>, from: &Address) -> Result<(), Unreadable> {
    for resource in &mut state.resources {
        for instance in resource.instances.iter_mut().filter(|instance| instance.deposed.is_none()) {
            let mut dependencies = instance.dependencies()?.into_iter().filter_map(|text| text.parse::<Address>().ok());
            if dependencies.any(|dependency| concerns(&dependency, from)) {
                instance.forgets_dependencies = true;
                resource.raw = None;
            }
        }
    }
    Ok(())
}

/// Whether a dependency, which has no keys, is on what was moved. One on an instance of a module that has several is on the others
/// as well, and stays.
fn concerns(dependency: &Address, from: &Address) -> bool {
    let names = |module: &[Call]| module.iter().map(|call| call.name.clone()).collect::<Vec<_>>();
    match &from.resource {
        Some(local) => dependency.resource.as_ref() == Some(local) && names(&dependency.module) == names(&from.module),
        None => {
            from.module.iter().all(|call| call.key == Key::None)
                && names(&dependency.module).starts_with(&names(&from.module))
        }
    }
}

#[cfg(test)]
mod tests;
