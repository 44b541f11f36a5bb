// What an expression reads of a resource, so that the parser can skip the rest.
#pragma once

#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "base/work.h"
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

/// Follows bound expressions and asks a ShapeBuilder for what they read. All that it does is
/// counted in `work`: choices below choices lead to more places than there is room for.
class Demand {
 public:
  /// All three must outlive it.
  Demand(const fhir::Model& model, json::ShapeBuilder& shapes, base::Work& work);

  /// The resource itself.
  Cursors root() const { return {Cursor()}; }
  /// Asks for what `bound` reads when $this is at `focus`, and returns where its result is (empty
  /// for computed values). Clears Bound::siblings where no one looks. An error (kLimit, kCancelled)
  /// points into `text`, of which `bound` was made.
  base::Result<Cursors> add(Bound& bound, std::string_view text, const Cursors& focus,
                            const Need& need);
  /// One of the paths of a repeat, with its text.
  struct RepeatPath {
    Bound* bound;
    std::string_view text;
  };
  /// The same for a repeat: of one item after the other, endlessly. All paths lead to one shape.
  base::Result<Cursors> add_repeat(const std::vector<RepeatPath>& paths, const Cursors& focus);

 private:
  /// What follows gives nothing once the work was refused.
  Cursors follow(Bound& bound, const Cursors& focus, const Need& need);
  /// Follows what `step` does from `focus` and again from where it leads.
  template <typename Step>
  Cursors endlessly(const Cursors& focus, Step step);
  Cursors repeat(Bound& path, const Cursors& focus);
  Cursors repeat_from(Bound& path, const Cursor& from);
  Cursor canonical(Cursor cursor) const;
  Cursors canonical(const Cursors& cursors);
  [[nodiscard]] bool add_all(Cursors& into, const Cursors& more);
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
  base::Work& work_;
  std::unordered_set<const Bound*>
      followed_;  ///< steps whose Bound::siblings has been decided once
  /// Where the paths of repeat() were followed from, and where that led: a repeat in a repeat in a
  /// repeat comes to the same places again and again.
  std::unordered_map<const Bound*, std::vector<std::pair<Cursor, Cursors>>> repeats_;
  Span refused_at_;  ///< what was followed when the work was refused
};

}  // namespace kiln::fhirpath
