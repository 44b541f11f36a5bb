// What an expression reads of a resource, so that the parser can skip the rest.
#pragma once

#include <string>
#include <unordered_set>
#include <vector>

#include "fhirpath/bound.h"
#include "json/shape.h"

namespace kiln::fhirpath {

/// A place in the resource that an expression has come to: the shape of the values there, and how
/// the parser got there.
struct Cursor {
  json::ShapeId shape = json::kRootShape;
  json::ShapeId parent = json::kRootShape;
  fhir::NameId json = fhir::kNoName;  ///< key in the parent; kNoName for the resource itself
  /// The step of the same expression that leads here and may have to look for the "_" key; null
  /// outside of Demand::add.
  Bound* step = nullptr;

  friend bool operator==(const Cursor&, const Cursor&) = default;
};
using Cursors = std::vector<Cursor>;

/// What is done with a result.
struct Need {
  bool existence = false;            ///< items count even if they have no value
  bool whole = false;                ///< everything below them is looked at
  uint32_t items = json::kAllItems;  ///< of each array, that many items
};

/// Follows bound expressions and asks a ShapeBuilder for what they read.
class Demand {
 public:
  Demand(const fhir::Model& model, json::ShapeBuilder& shapes);

  /// The resource itself.
  Cursors root() const { return {Cursor()}; }
  /// Asks for what `bound` reads when $this is at `focus`, and returns where its result is (empty
  /// for computed values). Clears Bound::siblings where no one looks.
  Cursors add(Bound& bound, const Cursors& focus, const Need& need);
  /// The same for a repeat: of one item after the other, endlessly. All paths lead to one shape.
  Cursors add_repeat(const std::vector<Bound*>& paths, const Cursors& focus);

 private:
  Cursors follow(Bound& bound, const Cursors& focus, const Need& need);
  Cursors input(Bound& bound, const Cursors& focus, const Need& need);
  Cursors child(Bound& bound, const Cursors& focus, const Need& need,
                fhir::TypeId only = fhir::kNoType);
  Cursors function(Bound& bound, const Cursors& focus, const Need& need);
  Cursors element(const Cursors& from, const ExprType& of, fhir::NameId name, const Need& need,
                  fhir::TypeId only = fhir::kNoType);
  void arguments(Bound& bound, const Cursors& outer, const Cursors& inner, const Need& need);
  void whole(const Cursors& cursors);
  bool is_complex(const ExprType& type) const;

  const fhir::Model& model_;
  json::ShapeBuilder& shapes_;
  std::unordered_set<const Bound*>
      followed_;  ///< steps whose Bound::siblings has been decided once
};

}  // namespace kiln::fhirpath
