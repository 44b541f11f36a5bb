// Follows the bound tree as evaluation would, with sets of places (Cursors) in the stead of items,
// and asks the ShapeBuilder for each place that is read. What a function reads is in its row. A
// path decides on the way whether its "_" keys matter: only where existence counts. What repeats
// leads to shapes that lead to themselves, so that it ends; places are remembered, so that a repeat
// in a repeat is followed once from each.
#include "fhirpath/demand.h"

#include <algorithm>

#include "fhir/element_names.h"
#include "fhir/key_names.h"
#include "fhirpath/binder.h"
#include "fhirpath/typing.h"

namespace kiln::fhirpath {
namespace {

/// Of an expression that is done, or whose steps look for their "_" keys anyway.
Cursors without_steps(Cursors cursors) {
  for (Cursor& cursor : cursors) cursor.step = nullptr;
  return cursors;
}

/// Of an item behind this one, all before it are asked for.
constexpr uint32_t kMostPosition = 1000;

std::string sibling_key(fhir::NameId json) { return "_" + std::string(fhir::text_of(json)); }

uint16_t sibling_name(fhir::NameId json) {
  return static_cast<uint16_t>(json | fhir::kSiblingFlag);
}

}  // namespace

Demand::Demand(const fhir::Model& model, json::ShapeBuilder& shapes, base::Work& work)
    : model_(model), shapes_(shapes), work_(work) {
  shapes_.field(json::kRootShape, "resourceType", fhir::names::kResourceType);
}

bool Demand::is_complex(const ExprType& type) const {
  return type.open || std::any_of(type.types.begin(), type.types.end(),
                                  [&](fhir::TypeId t) { return model_.is_complex(t); });
}

void Demand::whole(const Cursors& cursors) {
  for (const Cursor& cursor : cursors) {
    shapes_.need_whole(cursor.shape);
    shapes_.need_items(cursor.shape, json::kAllItems);
  }
}

bool Demand::add_all(Cursors& into, const Cursors& more) {
  // Comparing is fast, so that several are a step.
  static constexpr size_t kComparisonsPerStep = 16;
  for (const Cursor& cursor : more) {
    if (!work_.step(1 + into.size() / kComparisonsPerStep)) return false;
    if (std::find(into.begin(), into.end(), cursor) == into.end()) into.push_back(cursor);
  }
  return true;
}

base::Result<Cursors> Demand::add(Bound& bound, std::string_view text, const Cursors& focus,
                                  const Need& need) {
  Cursors result = follow(bound, focus, need);
  if (work_.refused()) return refused_error(work_, text, refused_at_);
  return without_steps(std::move(result));
}

Cursors Demand::follow(Bound& bound, const Cursors& focus, const Need& need) {
  if (work_.refused()) return {};
  refused_at_ = bound.span;
  if (!work_.step(1 + focus.size())) return {};
  switch (bound.kind) {
    case BoundKind::kConstant:
    case BoundKind::kIndex:
    case BoundKind::kTotal:
    case BoundKind::kRowIndex:
      return {};
    case BoundKind::kThis:
      if (need.whole) whole(focus);
      return focus;
    case BoundKind::kRoot:
      if (need.whole) whole(root());
      return root();
    case BoundKind::kChild:
      return child(bound, focus, need);
    case BoundKind::kFunction:
      return function(bound, focus, need);
  }
  return {};
}

Cursors Demand::input(Bound& bound, const Cursors& focus, const Need& need) {
  if (!bound.input) {
    if (need.whole) whole(focus);
    return focus;
  }
  Cursors from = follow(*bound.input, focus, need);
  if (!work_.refused()) refused_at_ = bound.span;
  return from;
}

Cursors Demand::child(Bound& bound, const Cursors& focus, const Need& need, fhir::TypeId only) {
  const Cursors from = input(bound, focus, Need());
  const bool first_visit = followed_.insert(&bound).second;
  bound.siblings = (!first_visit && bound.siblings) || need.existence || need.whole;
  Cursors found = element(from, bound.input_type, bound.element, need, only);
  for (Cursor& cursor : found) cursor.step = &bound;
  return found;
}

/// Where an element of values at `from` is. The children of a primitive stand under its "_" key.
/// `only`: of a choice, the type that is asked for.
Cursors Demand::element(const Cursors& from, const ExprType& of, fhir::NameId name,
                        const Need& need, fhir::TypeId only) {
  Cursors found;
  if (of.open) {
    // Any type: keep everything below, and stay there.
    whole(from);
    return from;
  }
  for (const Cursor& cursor : from) {
    for (const fhir::TypeId type : of.types) {
      const bool primitive = model_.is_primitive(type);
      if (!work_.step()) return {};
      if (primitive && name == fhir::names::kValue) {
        if (!add_all(found, {cursor})) return {};
        continue;
      }
      json::ShapeId object = cursor.shape;
      if (primitive) {
        if (cursor.json == fhir::kNoName) continue;
        object = shapes_.field(cursor.parent, sibling_key(cursor.json), sibling_name(cursor.json));
        shapes_.need_items(object, json::kAllItems);
        if (cursor.step != nullptr) cursor.step->siblings = true;
      }
      for (const fhir::Field& row : model_.element(type, name)) {
        if (!work_.step()) return {};
        if (only != fhir::kNoType && row.choice && !is_named_type(model_, row.type, only)) continue;
        const Cursor child{shapes_.field(object, fhir::text_of(row.json), row.json), object,
                           row.json};
        shapes_.need_items(child.shape, need.items);
        const bool leaf = model_.is_primitive(row.type);
        if (leaf && (need.existence || need.whole)) {
          const json::ShapeId sibling =
              shapes_.field(object, sibling_key(row.json), sibling_name(row.json));
          shapes_.need_items(sibling, need.items);
          if (need.whole) shapes_.need_whole(sibling);
        }
        if (!leaf && need.whole) shapes_.need_whole(child.shape);
        if (row.type >= fhir::kFirstFhirType && model_.is_abstract(row.type)) {
          shapes_.field(child.shape, "resourceType", fhir::names::kResourceType);
        }
        if (!add_all(found, {child})) return {};
      }
    }
  }
  return found;
}

/// Binds arguments to what they are evaluated on: lambdas to the items, values to the outer $this.
void Demand::arguments(Bound& bound, const Cursors& outer, const Cursors& inner, const Need& need) {
  for (size_t i = 0; i < bound.arguments.size(); ++i) {
    const bool lambda = bound.function->argument(i).pass == Pass::kLambda;
    Need own = need;
    own.whole |= bound.function->reads == Reads::kEquality && is_complex(bound.arguments[i]->type);
    follow(*bound.arguments[i], lambda ? inner : outer, own);
  }
}

Cursors Demand::function(Bound& bound, const Cursors& focus, const Need& need) {
  const FunctionRow& row = *bound.function;
  switch (row.reads) {
    case Reads::kNothing:
      return {};
    case Reads::kValue:
    case Reads::kEquality: {
      Need own;
      own.whole = row.reads == Reads::kEquality && is_complex(bound.input_type);
      const Cursors from = input(bound, focus, own);
      arguments(bound, focus, from, Need());
      return {};
    }
    case Reads::kExistence:
    case Reads::kAnyItem: {
      Need own;
      own.existence = true;
      if (bound.arguments.empty() && row.reads == Reads::kAnyItem) own.items = 1;
      const Cursors from = input(bound, focus, own);
      arguments(bound, focus, from, Need());
      return {};
    }
    case Reads::kItems: {
      Need own = need;
      own.items = json::kAllItems;
      const bool named =
          row.returns == Returns::kNamedType || row.returns == Returns::kNamedTypeOne;
      if (named && bound.input && bound.input->kind == BoundKind::kChild) {
        return child(*bound.input, focus, own, bound.named.fhir);
      }
      const Cursors from = input(bound, focus, own);
      arguments(bound, focus, from, Need());
      return from;
    }
    case Reads::kFirst: {
      Need own = need;
      own.items = 1;
      return input(bound, focus, own);
    }
    case Reads::kPosition: {
      Need own = need;
      own.items = json::kAllItems;
      const auto position = constant_position(bound);
      if (position && *position < kMostPosition) own.items = *position + 1;
      const Cursors from = input(bound, focus, own);
      arguments(bound, focus, from, Need());
      return from;
    }
    case Reads::kProjection: {
      const Cursors from = input(bound, focus, Need());
      return follow(*bound.arguments[0], from, need);
    }
    case Reads::kRepeat: {
      const Cursors from = input(bound, focus, Need());
      return repeat(*bound.arguments[0], from);
    }
    case Reads::kBranches: {
      const Cursors from = input(bound, focus, Need());
      Cursors result;
      for (size_t i = 0; i < bound.arguments.size(); ++i) {
        const Cursors one = follow(*bound.arguments[i], from, i == 0 ? Need() : need);
        if (i > 0 && !add_all(result, one)) return {};
      }
      return result;
    }
    case Reads::kUnion:
    case Reads::kCombine: {
      Need own = need;
      own.items = json::kAllItems;
      if (row.reads == Reads::kUnion) own.whole |= is_complex(bound.input_type);
      Cursors result = input(bound, focus, own);
      for (const auto& argument : bound.arguments) {
        Need its = own;
        if (row.reads == Reads::kUnion) its.whole |= is_complex(argument->type);
        if (!add_all(result, follow(*argument, focus, its))) return {};
      }
      return result;
    }
    case Reads::kWhole:
    case Reads::kReferences: {
      Need own;
      own.whole = true;
      own.existence = true;
      Cursors result = input(bound, focus, own);
      for (size_t i = 0; i < bound.arguments.size(); ++i) {
        const bool lambda = row.argument(i).pass == Pass::kLambda;
        const Cursors one = follow(*bound.arguments[i], lambda ? result : focus, own);
        if (!add_all(result, one)) return {};
      }
      if (row.reads == Reads::kReferences) {
        whole(root());
        if (!add_all(result, root())) return {};
      }
      return result;
    }
    case Reads::kExtension: {
      const Cursors from = input(bound, focus, Need());
      arguments(bound, focus, from, Need());
      Need own = need;
      own.items = json::kAllItems;
      const Cursors extensions = element(from, bound.input_type, fhir::names::kExtension, own);
      element(extensions, bound.type, fhir::names::kUrl, Need());
      return extensions;
    }
    case Reads::kReferenceKey:
    case Reads::kResourceKey: {
      const Cursors from = input(bound, focus, Need());
      const fhir::NameId name =
          row.reads == Reads::kResourceKey ? fhir::names::kId : fhir::names::kReference;
      for (const Cursor& cursor : from) {
        shapes_.need_items(shapes_.field(cursor.shape, fhir::text_of(name), name), 1);
      }
      return {};
    }
  }
  return {};
}

/// With the ids that shapes have now: those that were made one have one id.
Cursor Demand::canonical(Cursor cursor) const {
  cursor.shape = shapes_.representative(cursor.shape);
  cursor.parent = shapes_.representative(cursor.parent);
  return cursor;
}

Cursors Demand::canonical(const Cursors& cursors) {
  Cursors result;
  for (const Cursor& cursor : cursors) {
    if (!add_all(result, {canonical(cursor)})) return {};
  }
  return result;
}

template <typename Step>
Cursors Demand::endlessly(const Cursors& focus, Step step) {
  const Cursors first = step(focus);
  if (first.empty()) return {};
  const Cursors second = step(first);
  // Whatever the paths lead to, from the start or from there, is one shape that leads to itself.
  for (const Cursors* const cursors : {&first, &second}) {
    for (const Cursor& cursor : *cursors) shapes_.unify(first[0].shape, cursor.shape);
  }
  return first;
}

Cursors Demand::repeat(Bound& path, const Cursors& focus) {
  Cursors result;
  for (const Cursor& from : focus) {
    if (!add_all(result, repeat_from(path, canonical(from)))) return {};
  }
  return canonical(result);
}

/// From one place after the other: as sets they would never be the same twice.
Cursors Demand::repeat_from(Bound& path, const Cursor& from) {
  for (const auto& [its_from, leads_to] : repeats_[&path]) {
    if (!work_.step()) return {};
    if (canonical(its_from) == from) return canonical(leads_to);
  }
  Need need;
  need.existence = true;
  Cursors result = endlessly({from}, [&](const Cursors& cursors) {
    return canonical(without_steps(follow(path, cursors, need)));
  });
  repeats_[&path].emplace_back(from, result);
  return result;
}

base::Result<Cursors> Demand::add_repeat(const std::vector<RepeatPath>& paths,
                                         const Cursors& focus) {
  Need need;
  need.existence = true;
  std::string_view text;
  Cursors result = endlessly(focus, [&](const Cursors& from) {
    Cursors all;
    for (const RepeatPath& path : paths) {
      text = path.text;
      const Cursors one = without_steps(follow(*path.bound, from, need));
      if (!add_all(all, one)) return Cursors();
    }
    return all;
  });
  if (work_.refused()) return refused_error(work_, text, refused_at_);
  return result;
}

}  // namespace kiln::fhirpath
