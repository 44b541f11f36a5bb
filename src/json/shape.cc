#include "json/shape.h"

#include <algorithm>
#include <cstring>
#include <map>

namespace kiln::json {

ShapeBuilder::ShapeBuilder() { add_shape(); }

ShapeId ShapeBuilder::add_shape() {
  const auto id = static_cast<ShapeId>(nodes_.size());
  nodes_.emplace_back();
  parents_.push_back(id);
  return id;
}

ShapeId ShapeBuilder::find(ShapeId shape) const {
  while (parents_[shape] != shape) {
    parents_[shape] = parents_[parents_[shape]];
    shape = parents_[shape];
  }
  return shape;
}

ShapeId ShapeBuilder::field(ShapeId parent, std::string_view key, uint16_t name) {
  parent = find(parent);
  for (const ShapeField& field : nodes_[parent].fields) {
    if (field.key == key) return find(field.child);
  }
  const ShapeId child = add_shape();
  nodes_[parent].fields.push_back({std::string(key), name, child});
  return child;
}

void ShapeBuilder::unify(ShapeId a, ShapeId b) {
  // Shapes below two that become one become one, too, as far as their keys are the same. A list in
  // place of a recursion: shapes may lie as deep as expressions and selects together.
  std::vector<std::pair<ShapeId, ShapeId>> rest = {{a, b}};
  while (!rest.empty()) {
    const ShapeId into = find(rest.back().first);
    const ShapeId from = find(rest.back().second);
    rest.pop_back();
    if (into == from) continue;
    parents_[from] = into;
    const ShapeNode moved = std::move(nodes_[from]);
    nodes_[from] = {};
    ShapeNode& node = nodes_[into];
    node.whole |= moved.whole;
    node.item_limit = std::max(node.item_limit, moved.item_limit);
    for (const ShapeField& field : moved.fields) {
      const auto same = std::find_if(node.fields.begin(), node.fields.end(),
                                     [&](const ShapeField& f) { return f.key == field.key; });
      if (same == node.fields.end()) {
        node.fields.push_back(field);
      } else {
        rest.emplace_back(same->child, field.child);
      }
    }
  }
}

void ShapeBuilder::add(const std::vector<ShapeNode>& built) {
  const auto first = static_cast<ShapeId>(nodes_.size());
  for (const ShapeNode& node : built) {
    const ShapeId id = add_shape();
    nodes_[id] = node;
    for (ShapeField& field : nodes_[id].fields) field.child += first;
  }
  unify(kRootShape, first);
}

void ShapeBuilder::need_whole(ShapeId shape) { nodes_[find(shape)].whole = true; }

void ShapeBuilder::need_items(ShapeId shape, uint32_t count) {
  ShapeNode& node = nodes_[find(shape)];
  node.item_limit = std::max(node.item_limit, count);
}

std::vector<ShapeNode> ShapeBuilder::build() const {
  std::vector<ShapeNode> built;
  std::map<ShapeId, ShapeId> ids;
  std::vector<ShapeId> order = {find(kRootShape)};
  ids[order[0]] = 0;
  for (size_t i = 0; i < order.size(); ++i) {
    ShapeNode node = nodes_[order[i]];
    if (node.whole) node.fields.clear();
    if (node.item_limit == 0) node.item_limit = kAllItems;  // nobody has said less
    for (ShapeField& field : node.fields) {
      const ShapeId child = find(field.child);
      const auto [found, added] = ids.try_emplace(child, static_cast<ShapeId>(order.size()));
      if (added) order.push_back(child);
      field.child = found->second;
    }
    built.push_back(std::move(node));
  }
  return built;
}

Shape::Shape(const std::vector<ShapeNode>& nodes, const KeyNames* names) : names_(names) {
  static constexpr size_t kLastBucket = 32;
  for (const ShapeNode& node : nodes) {
    Object object{{},
                  {},
                  0,
                  node.whole,
                  node.item_limit == 0 ? kAllItems : node.item_limit,
                  static_cast<ShapeId>(objects_.size())};
    for (const ShapeField& field : node.fields) {
      Key key{{0, 0}, {0, 0}, field.key, field.name, field.child, 0, field.key == "resourceType"};
      std::array<char, 16> bytes{};
      std::array<char, 16> mask{};
      const std::string quoted = field.key + '"';
      const size_t compared = std::min(quoted.size(), bytes.size());
      std::memcpy(bytes.data(), quoted.data(), compared);
      std::memset(mask.data(), 0xff, compared);
      std::memcpy(key.word.data(), bytes.data(), bytes.size());
      std::memcpy(key.mask.data(), mask.data(), mask.size());
      object.keys.push_back(std::move(key));
    }
    std::stable_sort(object.keys.begin(), object.keys.end(), [](const Key& a, const Key& b) {
      return std::min(a.text.size(), kLastBucket) < std::min(b.text.size(), kLastBucket);
    });
    size_t next = 0;
    for (size_t length = 0; length < object.by_length.size(); ++length) {
      while (next < object.keys.size() &&
             std::min(object.keys[next].text.size(), kLastBucket) < length) {
        ++next;
      }
      object.by_length[length] = static_cast<uint16_t>(next);
    }
    for (size_t i = 0; i < object.keys.size(); ++i) {
      object.keys[i].index = static_cast<uint8_t>(std::min<size_t>(i, 63));
    }
    // With more than 63 keys the last bit stands for several, so that "all seen" cannot be told.
    if (!object.whole && !object.keys.empty() && object.keys.size() <= 63) {
      object.all_seen = (uint64_t{1} << object.keys.size()) - 1;
    }
    objects_.push_back(std::move(object));
  }
  objects_.push_back({{}, {}, 0, true, kAllItems, static_cast<ShapeId>(objects_.size())});
}

}  // namespace kiln::json
