#include "tests/conformance/oracle.h"

#include <algorithm>
#include <cstdlib>

#include "tests/conformance/canonical.h"

namespace kiln::conformance {
namespace {

using fhirpath::Ast;
using fhirpath::AstKind;

/// An element with what stands under its "_" key, or a computed text.
struct Item {
  json::Value value;
  json::Value sibling;
  fhir::TypeId type = fhir::kNoType;
  bool computed = false;
  std::string text;

  bool is_complex() const { return value.is_object(); }
  bool has_value() const {
    return computed || (!value.missing() && value.kind() != json::ValueKind::kNull);
  }
  std::string shown() const {
    if (computed) return text;
    if (!has_value()) return "-";
    return is_complex() ? "{}" : std::string(value.text());
  }
  // What is no element is no part of a value.
  std::string key() const { return is_complex() ? canonical(value, is_element) : shown(); }
  static bool is_element(std::string_view key) {
    if (key.starts_with('_')) key.remove_prefix(1);
    return fhir::find_name(key) != fhir::kNoName;
  }
};
using Items = std::vector<Item>;

Item computed(std::string text) {
  Item item;
  item.computed = true;
  item.text = std::move(text);
  return item;
}
Items boolean(bool value) { return {computed(value ? "true" : "false")}; }

class Oracle {
 public:
  Oracle(const fhir::Model& model, Item root) : model_(model), root_(std::move(root)) {}

  Items eval(const Ast& ast, const Items& self) {
    switch (ast.kind) {
      case AstKind::kThis:
        return self;
      case AstKind::kEmpty:
        return {};
      case AstKind::kString:
      case AstKind::kInteger:
      case AstKind::kBoolean:
        return {computed(ast.text)};
      case AstKind::kExternal:
        return {root_};
      case AstKind::kName:
        return name(ast, self);
      case AstKind::kIndexer: {
        const Items items = eval(*ast.children[0], self);
        const auto at = static_cast<size_t>(std::stoul(ast.children[1]->text));
        return at < items.size() ? Items{items[at]} : Items{};
      }
      case AstKind::kFunction:
        return function(ast, self);
      case AstKind::kBinary:
        return binary(ast, self);
      default:
        std::abort();
    }
  }

 private:
  Items name(const Ast& ast, const Items& self) {
    const Items input = ast.children.empty() ? self : eval(*ast.children[0], self);
    // "Patient.name": the type's own name. Primitive types (id) are named as elements are.
    if (ast.children.empty() && self[0].type != fhir::kNoType &&
        model_.kind(self[0].type) != fhir::TypeKind::kPrimitive &&
        model_.find_type(ast.text) == self[0].type) {
      return self;
    }
    Items result;
    for (const Item& item : input) append_children(item, ast.text, result);
    return result;
  }

  void append_children(const Item& item, const std::string& element, Items& result) {
    if (item.computed || item.type == fhir::kNoType) return;
    const bool primitive = model_.kind(item.type) == fhir::TypeKind::kPrimitive;
    const json::Value object = primitive ? item.sibling : item.value;
    for (const fhir::Field& field : model_.element(item.type, fhir::find_name(element))) {
      const std::string key(fhir::text_of(field.json));
      const bool leaf = model_.kind(field.type) == fhir::TypeKind::kPrimitive;
      append_values(object[key], leaf ? object["_" + key] : json::Value(), field.type, result);
    }
  }

  static void append_values(json::Value value, json::Value sibling, fhir::TypeId type,
                            Items& result) {
    const auto present = [](json::Value v) {
      return !v.missing() && v.kind() != json::ValueKind::kNull;
    };
    if (!value.is_array() && !sibling.is_array()) {
      if (present(value) || present(sibling)) {
        result.push_back({present(value) ? value : json::Value(), sibling, type, false, {}});
      }
      return;
    }
    const auto values = value.is_array() ? value.items() : std::vector<json::Value>();
    const auto siblings = sibling.is_array() ? sibling.items() : std::vector<json::Value>();
    for (size_t i = 0; i < std::max(values.size(), siblings.size()); ++i) {
      Item item;
      item.type = type;
      if (i < values.size() && present(values[i])) item.value = values[i];
      if (i < siblings.size() && siblings[i].is_object()) item.sibling = siblings[i];
      result.push_back(item);
    }
  }

  static bool is_true(const Items& items) {
    if (items.empty()) return false;
    if (items.size() != 1) std::abort();
    if (!items[0].has_value()) return false;
    return items[0].shown() != "false";
  }

  Items function(const Ast& ast, const Items& self) {
    const Items input = ast.children[0] ? eval(*ast.children[0], self) : self;
    const auto number = [&] { return std::stoul(ast.children[1]->text); };
    const auto slice = [&](size_t from, size_t to) {
      from = std::min(from, input.size());
      to = std::clamp(to, from, input.size());
      return Items(input.begin() + static_cast<ptrdiff_t>(from),
                   input.begin() + static_cast<ptrdiff_t>(to));
    };
    const std::string& name = ast.text;
    if (name == "where") return filtered(input, *ast.children[1]);
    if (name == "select") {
      Items result;
      for (const Item& item : input) {
        for (Item& one : eval(*ast.children[1], {item})) result.push_back(std::move(one));
      }
      return result;
    }
    if (name == "exists") {
      const Items kept = ast.children.size() > 1 ? filtered(input, *ast.children[1]) : input;
      return boolean(!kept.empty());
    }
    if (name == "empty") return boolean(input.empty());
    if (name == "not") {
      if (input.empty() || !input[0].has_value()) return {};
      return boolean(!is_true(input));
    }
    if (name == "count") return {computed(std::to_string(input.size()))};
    if (name == "first") return slice(0, 1);
    if (name == "last") return slice(input.empty() ? 0 : input.size() - 1, input.size());
    if (name == "tail") return slice(1, input.size());
    if (name == "skip") return slice(number(), input.size());
    if (name == "take") return slice(0, number());
    if (name == "hasValue")
      return boolean(input.size() == 1 && input[0].has_value() && !input[0].is_complex());
    if (name == "ofType") return of_type(input, ast.children[1]->text);
    if (name == "extension") return extension(input, ast.children[1]->text);
    if (name == "distinct") return distinct(input);
    std::abort();
  }

  Items filtered(const Items& input, const Ast& criteria) {
    Items kept;
    for (const Item& item : input) {
      if (is_true(eval(criteria, {item}))) kept.push_back(item);
    }
    return kept;
  }

  Items of_type(const Items& input, const std::string& name) {
    const fhir::TypeId type = model_.find_type(name);
    Items kept;
    for (const Item& item : input) {
      if (item.computed) continue;
      const bool primitive = model_.kind(item.type) == fhir::TypeKind::kPrimitive;
      if (item.type == type || (!primitive && model_.is_subtype(item.type, type))) {
        kept.push_back(item);
      }
    }
    return kept;
  }

  Items extension(const Items& input, const std::string& url) {
    Items all;
    for (const Item& item : input) append_children(item, "extension", all);
    Items kept;
    for (const Item& item : all) {
      if (item.value["url"].text() == url) kept.push_back(item);
    }
    return kept;
  }

  static Items distinct(const Items& input) {
    Items result;
    for (const Item& item : input) {
      // Items without a value equal nothing, not even each other.
      const bool seen =
          item.has_value() && std::any_of(result.begin(), result.end(), [&](const Item& other) {
            return other.has_value() && other.key() == item.key();
          });
      if (!seen) result.push_back(item);
    }
    return result;
  }

  Items binary(const Ast& ast, const Items& self) {
    const Items left = eval(*ast.children[0], self);
    const Items right = eval(*ast.children[1], self);
    if (ast.text == "and" || ast.text == "or") return logic(ast.text, left, right);
    if (ast.text == "|") {
      Items both = left;
      both.insert(both.end(), right.begin(), right.end());
      return distinct(both);
    }
    if (left.empty() || right.empty()) return {};
    bool equal = left.size() == right.size();
    bool unknown = false;
    for (size_t i = 0; equal && i < left.size(); ++i) {
      if (!left[i].has_value() || !right[i].has_value()) {
        unknown = true;
      } else {
        equal = left[i].key() == right[i].key();
      }
    }
    if (equal && unknown) return {};
    return boolean(equal == (ast.text == "="));
  }

  static Items logic(const std::string& op, const Items& left, const Items& right) {
    const auto truth = [](const Items& items) {
      return items.empty() || !items[0].has_value() ? -1 : (is_true(items) ? 1 : 0);
    };
    const int a = truth(left);
    const int b = truth(right);
    const int decisive = op == "and" ? 0 : 1;
    if (a == decisive || b == decisive) return boolean(decisive == 1);
    if (a < 0 || b < 0) return {};
    return boolean(op == "and");
  }

  const fhir::Model& model_;
  Item root_;
};

}  // namespace

std::vector<std::string> evaluate_plainly(const fhirpath::Ast& ast, const fhir::Model& model,
                                          fhir::TypeId type, json::Value resource) {
  const Item root{resource, {}, type, false, {}};
  std::vector<std::string> texts;
  for (const Item& item : Oracle(model, root).eval(ast, {root})) texts.push_back(item.shown());
  return texts;
}

}  // namespace kiln::conformance
