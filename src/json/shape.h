// What a view needs of a resource: the keys to keep, everything else is skipped.
//
// A Shape is a graph of object shapes. It is built once for a view (or for several that share a
// scan) and then only read. It may have cycles (QuestionnaireResponse.item.item...).
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kiln::json {

/// Resolves the key of every field where all of them are kept ("whole" shapes).
class KeyNames {
 public:
  virtual ~KeyNames() = default;
  /// The id of a key, 0 if nobody can ask for it.
  virtual uint16_t find(std::string_view key) const = 0;
};

using ShapeId = uint32_t;
constexpr ShapeId kRootShape = 0;
constexpr uint32_t kAllItems = UINT32_MAX;

/// One key that an object shape keeps.
struct ShapeField {
  std::string key;
  uint16_t name;
  ShapeId child;
};

/// What is kept of one value.
struct ShapeNode {
  std::vector<ShapeField> fields;
  bool whole = false;       ///< keep every field, all the way down
  uint32_t item_limit = 0;  ///< of an array, keep this many items
};

/// Collects demands. Ids stay valid until build(), merged ones included.
class ShapeBuilder {
 public:
  ShapeBuilder();

  /// The shape under `key` of an object of shape `parent`; made if there is none yet.
  ShapeId field(ShapeId parent, std::string_view key, uint16_t name);
  /// Adds the demands of a built shape to the root's.
  void add(const std::vector<ShapeNode>& built);
  /// Makes two shapes one, which asks for what both did. A shape may so come to contain itself.
  void unify(ShapeId a, ShapeId b);
  /// The id that stands for a shape and all that were made one with it.
  ShapeId representative(ShapeId shape) const { return find(shape); }
  void need_whole(ShapeId shape);
  void need_items(ShapeId shape, uint32_t count);

  /// The reachable nodes, the root first.
  std::vector<ShapeNode> build() const;

 private:
  ShapeId add_shape();
  ShapeId find(ShapeId shape) const;

  std::vector<ShapeNode> nodes_;
  /// Union-find: parents_[i] == i for a representative. Finding makes the ways shorter.
  mutable std::vector<ShapeId> parents_;
};

/// A Shape in the form the parser reads: per object, its keys bucketed by length and stored as
/// words to compare at once.
class Shape {
 public:
  struct Key {
    std::array<uint64_t, 2> word;  ///< the key with its closing quote, first 16 bytes
    std::array<uint64_t, 2> mask;
    std::string text;  ///< the key itself
    uint16_t name;
    ShapeId child;
    uint8_t index;  ///< bit in the parser's seen mask; keys beyond 63 share the last bit
    bool is_type;   ///< the key is "resourceType"
  };
  struct Object {
    std::vector<Key> keys;               ///< sorted by length
    std::array<uint16_t, 34> by_length;  ///< keys of length n: [by_length[n], by_length[n+1])
    uint64_t all_seen;  ///< the seen mask when nothing more is wanted; 0: never stop early
    bool whole;
    uint32_t item_limit;
    ShapeId id;
  };

  /// Keys of 32 bytes and more share the last bucket. `names` is needed if any node is whole, and
  /// must outlive the Shape.
  Shape(const std::vector<ShapeNode>& nodes, const KeyNames* names);

  const Object& object(ShapeId id) const { return objects_[id]; }
  /// What is below a whole object: everything, however many items.
  const Object& everything() const { return objects_.back(); }
  size_t size() const { return objects_.size(); }
  const KeyNames* names() const { return names_; }

 private:
  std::vector<Object> objects_;
  const KeyNames* names_;
};

}  // namespace kiln::json
