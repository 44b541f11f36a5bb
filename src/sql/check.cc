#include "sql/check.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <unordered_map>

#include "base/text.h"
#include "sql/functions.h"
#include "sql/nodes.h"
#include "sql/parse_tree.h"
#include "sql/statement_kind.h"

namespace kiln::sql {
namespace {

/// What the parser says where it has not recursed any further.
constexpr std::string_view kTooDeep[] = {"Max expression depth limit", "memory exhausted"};

bool is_plain_name(std::string_view name) {
  return !name.empty() && !base::is_digit(name.front()) &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return base::is_digit(c) || c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
         });
}

/// Walks the tree. Every member of every node is looked at, and a node or member that is not in
/// sql/nodes ends it. Its depth is that of the JSON document, which is bounded.
class TreeCheck {
 public:
  explicit TreeCheck(const Checked& statement) : statement_(statement) {}

  base::Result<std::vector<Mention>> run() {
    KILN_ASSIGN(const json::DocumentPtr tree, document());
    const json::Value root = tree->root();
    if (!root["error"].is_boolean() || root["error"].boolean()) return parse_failure(root);
    const std::vector<json::Value> statements = root["statements"].items();
    if (statements.size() != 1) return fail(0, "not one statement");  // seen before
    seen_.resize(statement_.placeholders.size());
    KILN_TRY(query(statements.front(), 0));
    for (size_t i = 0; i < seen_.size(); ++i) {
      if (!seen_[i]) {
        return fail_in_text(statement_.placeholders[i].begin, "a placeholder cannot stand here");
      }
    }
    std::vector<Mention> mentions;
    for (auto& [begin, mention] : tables_) mentions.push_back(std::move(mention));
    return mentions;
  }

 private:
  base::Error fail_in_text(size_t offset, std::string message,
                           base::ErrorCode code = base::ErrorCode::kInvalid) const {
    return error_at(statement_.text, statement_.source, offset,
                    base::Error(code, std::move(message)));
  }
  /// At a place of what was parsed.
  base::Error fail(size_t at, std::string message) const {
    return fail_in_text(statement_.parsed.offset_of(at), std::move(message));
  }
  /// At the first of these words, for what the tree gives no place of.
  base::Error fail_at_word(std::initializer_list<std::string_view> words, size_t at,
                           std::string message) const {
    for (const Token& token : statement_.tokens) {
      const std::string name = base::lower(name_of(statement_.text, token));
      if (std::find(words.begin(), words.end(), name) != words.end()) {
        return fail_in_text(token.begin, std::move(message));
      }
    }
    return fail(at, std::move(message));
  }
  base::Error unknown(size_t at, std::string_view what) const {
    return fail(at, "not allowed in a query: " + std::string(what));
  }

  base::Result<json::DocumentPtr> document() const {
    auto tree = parse_tree(statement_.parsed.sql);
    if (tree.ok()) return std::move(tree).value();
    const base::ErrorCode code = tree.error().code();
    if (code != base::ErrorCode::kInvalid && code != base::ErrorCode::kLimit) {
      return std::move(tree).error();
    }
    const size_t begin = statement_.tokens.empty() ? 0 : statement_.tokens.front().begin;
    return error_at(statement_.text, statement_.source, begin, std::move(tree).error());
  }

  base::Error parse_failure(const json::Value& root) const {
    if (base::Status inner =
            check_inner_kind(statement_.text, statement_.source, statement_.tokens);
        !inner.ok()) {
      return std::move(inner).error();
    }
    const std::string_view message = root["error_message"].text();
    const size_t begin = statement_.tokens.empty() ? 0 : statement_.tokens.front().begin;
    for (const std::string_view deep : kTooDeep) {
      if (message.starts_with(deep)) {
        return fail_in_text(begin, "the statement is nested too deeply", base::ErrorCode::kLimit);
      }
    }
    if (message.starts_with("SELECT INTO")) {
      const auto into = std::find_if(
          statement_.tokens.begin(), statement_.tokens.end(),
          [this](const Token& token) { return is_word(statement_.text, token, "into"); });
      return fail_in_text(into == statement_.tokens.end() ? begin : into->begin,
                          "a query only reads, which SELECT INTO does not",
                          base::ErrorCode::kUsage);
    }
    if (message.starts_with("Only SELECT")) {
      return fail_in_text(begin, "this statement cannot be checked (a PIVOT needs IN and values)");
    }
    size_t place = 0;
    const std::string_view digits = root["position"].text();
    const bool has_place =
        !digits.empty() &&
        std::from_chars(digits.data(), digits.data() + digits.size(), place).ec == std::errc();
    if (!has_place) return fail_in_text(begin, std::string(message));
    const size_t offset = statement_.parsed.offset_of(place);
    if (!message.starts_with("syntax error")) return fail_in_text(offset, std::string(message));
    const Token* const token = token_at(offset);
    if (token == nullptr) return fail_in_text(offset, "a syntax error at the end");
    // The text's own word: the parser has seen another for some of them.
    static constexpr size_t kMostShown = 40;
    const std::string_view word = statement_.text.substr(token->begin, token->end - token->begin);
    return fail_in_text(offset, word.size() > kMostShown
                                    ? "a syntax error"
                                    : "a syntax error at " + std::string(word));
  }

  /// The token that begins at a byte of the text; null if there is none.
  const Token* token_at(size_t offset) const {
    const auto found =
        std::lower_bound(statement_.tokens.begin(), statement_.tokens.end(), offset,
                         [](const Token& token, size_t wanted) { return token.begin < wanted; });
    return found == statement_.tokens.end() || found->begin != offset ? nullptr : &*found;
  }

  /// Where a node says it stands, else where what it stands in does.
  size_t place_of(const json::Value& node, size_t parent) const {
    const auto place = node["query_location"].integer();
    const bool is_place =
        place && *place >= 0 && static_cast<size_t>(*place) <= statement_.parsed.sql.size();
    return is_place ? static_cast<size_t>(*place) : parent;
  }

  base::Status walk(const json::Value& value, Role role, size_t at) {
    switch (role) {
      case Role::kText:
        return {};
      case Role::kRefused:
        return unknown(at, value.key());
      case Role::kExpression:
        return each(value, [&](const json::Value& item) { return expression(item, at); });
      case Role::kTable:
        return table(value, at);
      case Role::kQuery:
        return query(value, at);
      case Role::kNode:
        return node(value, at);
      case Role::kModifier:
        return each(value, [&](const json::Value& item) { return modifier(item, at); });
      case Role::kOrders:
        return parts(value, at, "type null_order", "expression", Role::kExpression);
      case Role::kCtes:
        return {};  // of node(), before all else
      case Role::kType:
        return each(value, [&](const json::Value& item) { return type(item, at); });
      case Role::kFieldTypes:
        return parts(value, at, "first", "second", Role::kType);
      case Role::kCases:
        return parts(value, at, "", "when_expr then_expr", Role::kExpression);
      case Role::kReplacements:
        return parts(value, at, "key", "value", Role::kExpression);
      case Role::kPivots:
        return each(value, [&](const json::Value& item) { return pivot(item, at); });
    }
    return unknown(at, "?");
  }

  /// The value, or what is in it if it is an array, or an array of arrays.
  template <typename Function>
  base::Status each(const json::Value& value, const Function& function) {
    if (!value.is_array()) return function(value);
    for (const json::Value& item : value.items()) KILN_TRY(each(item, function));
    return {};
  }

  static bool lists(std::string_view names, std::string_view name) {
    bool found = false;
    base::for_each_piece(names, ' ', [&](std::string_view piece) { found |= piece == name; });
    return found;
  }

  /// An array of objects whose members are texts or have one role.
  base::Status parts(const json::Value& value, size_t at, std::string_view texts,
                     std::string_view walked, Role role) {
    for (const json::Value& part : value.items()) {
      for (const json::Value& member : part.items()) {
        if (lists(walked, member.key())) {
          KILN_TRY(walk(member, role, at));
        } else if (!lists(texts, member.key())) {
          return unknown(at, member.key());
        }
      }
    }
    return {};
  }

  base::Status members(const json::Value& value, const NodeKind& kind, std::string_view common,
                       size_t at) {
    for (const json::Value& member : value.items()) {
      if (lists(common, member.key())) continue;
      const std::optional<Role> role = kind.role_of(member.key());
      if (!role) return unknown(at, member.key());
      KILN_TRY(walk(member, *role, at));
    }
    return {};
  }

  base::Status expression(const json::Value& value, size_t parent) {
    const size_t at = place_of(value, parent);
    const std::string_view of_class = value["class"].text();
    const NodeKind* const kind = find_node(Family::kExpression, of_class);
    if (kind == nullptr) {
      const std::string word = base::lower(of_class);
      return fail_at_word({word}, at, "not allowed in a query: " + word);
    }
    if (of_class == "FUNCTION" || of_class == "WINDOW") KILN_TRY(function(value, at));
    if (of_class == "COLUMN_REF") KILN_TRY(column(value, at));
    if (of_class == "PARAMETER") KILN_TRY(parameter(value, at));
    if (of_class == "OPERATOR" && !is_known_operator(value["type"].text())) {
      return unknown(at, value["type"].text());
    }
    if (of_class == "COLLATE") {
      const std::string collation(value["collation"].text());
      if (!is_allowed_collation(base::lower(collation))) {
        return fail_at_word({base::lower(collation)}, at, "no such collation: " + collation);
      }
    }
    return members(value, *kind, "class type alias query_location", at);
  }

  base::Status function(const json::Value& value, size_t at) const {
    const std::string name(value["function_name"].text());
    const std::string_view schema = value["schema"].text();
    const std::string_view catalog = value["catalog"].text();
    // `value.upper()` has what it is called on here. The parser writes "main" for functions of
    // its own.
    const bool is_foreign = base::lower(schema) == "pg_catalog" ||
                            base::lower(schema) == "information_schema" ||
                            (schema == "main" && !catalog.empty());
    if (is_foreign) return fail(at, "a function of a schema: " + std::string(schema) + "." + name);
    if (is_allowed_function(base::lower(name))) return {};
    return fail(at, "no such function: " + name).with_suggestion(nearest_function(name));
  }

  base::Status column(const json::Value& value, size_t at) const {
    const std::vector<json::Value> names = value["column_names"].items();
    if (names.size() != 1 || !is_session_name(base::lower(names.front().text()))) return {};
    const std::string name(names.front().text());
    return fail(
        at, name + " tells of the session (a column of this name is written table." + name + ")");
  }

  base::Status parameter(const json::Value& value, size_t at) {
    const std::string_view name = value["identifier"].text();
    size_t mention = seen_.size();
    if (name.starts_with('p')) {
      std::from_chars(name.data() + 1, name.data() + name.size(), mention);
    }
    if (mention >= seen_.size() || name != placeholder_name(mention)) {
      return fail(at, "a placeholder that is not $name or :name");
    }
    seen_[mention] = true;
    return {};
  }

  base::Status type(const json::Value& value, size_t at) {
    const std::string_view id = value["id"].text();
    if (!is_allowed_type(id)) return fail(at, "no such type: " + std::string(id));
    for (const json::Value& member : value.items()) {
      if (member.key() == "id") continue;
      if (member.key() != "type_info") return unknown(at, member.key());
      if (member.kind() == json::ValueKind::kNull) continue;
      const NodeKind* const kind = find_node(Family::kTypeInfo, member["type"].text());
      if (kind == nullptr) return unknown(at, member["type"].text());
      if (id == "UNBOUND" && !is_allowed_named_type(base::lower(member["name"].text()))) {
        return fail(at, "no such type: " + std::string(member["name"].text()));
      }
      KILN_TRY(members(member, *kind, "type", at));
    }
    return {};
  }

  base::Status table(const json::Value& value, size_t parent) {
    const size_t at = place_of(value, parent);
    const std::string_view name = value["type"].text();
    const NodeKind* const kind = find_node(Family::kTable, name);
    if (kind == nullptr) {
      if (name != "SHOW_REF") return unknown(at, base::lower(name));
      return fail_at_word({"desc", "describe", "show", "summarize"}, at,
                          "not allowed in a query: SHOW, DESCRIBE, SUMMARIZE");
    }
    if (name == "BASE_TABLE") KILN_TRY(base_table(value, at));
    if (name == "TABLE_FUNCTION") return table_function(value, at);
    return members(value, *kind, "type alias query_location", at);
  }

  /// The function itself is of another list than those of expressions.
  base::Status table_function(const json::Value& value, size_t at) {
    const json::Value called = value["function"];
    const std::string name(called["function_name"].text());
    if (called["class"].text() != "FUNCTION") return unknown(at, called["class"].text());
    if (!called["schema"].text().empty() || !called["catalog"].text().empty()) {
      return fail(at, "a function of a schema: " + name);
    }
    if (!is_allowed_table_function(base::lower(name))) {
      return fail(at, "no such table function: " + name)
          .with_suggestion(nearest_table_function(name));
    }
    KILN_TRY(members(called, *find_node(Family::kExpression, "FUNCTION"),
                     "class type alias query_location", at));
    for (const json::Value& member : value.items()) {
      const auto role = find_node(Family::kTable, "TABLE_FUNCTION")->role_of(member.key());
      const bool is_known = role || lists("type alias query_location", member.key());
      if (!is_known) return unknown(at, member.key());
    }
    return {};
  }

  base::Status base_table(const json::Value& value, size_t at) {
    const std::string name(value["table_name"].text());
    if (!value["schema_name"].text().empty() || !value["catalog_name"].text().empty()) {
      return fail(at, "a table of a schema: " + std::string(value["schema_name"].text()) + "." +
                          name + " (tables are the labels that are declared)");
    }
    const size_t begin = statement_.parsed.offset_of(at);
    const bool is_cte = scope_.contains(base::lower(name));
    if (const auto [known, is_new] = resolved_.emplace(begin, is_cte);
        !is_new && known->second != is_cte) {
      return fail(at, "what " + name + " is cannot be told");
    }
    if (is_cte) return {};
    if (is_catalogue_name(base::lower(name))) return fail(at, "a table of the catalogue: " + name);
    const Token* const token = token_at(begin);
    const bool is_name = token != nullptr && token->kind != TokenKind::kString &&
                         name_of(statement_.text, *token) == name && is_plain_name(name);
    if (!is_name) return fail(at, "no such table: " + name + " (files cannot be read)");
    tables_.emplace(begin, Mention{name, begin, token->end});
    return {};
  }

  base::Status query(const json::Value& value, size_t at) {
    for (const json::Value& member : value.items()) {
      if (member.key() != "node" && member.key() != "named_param_map") {
        return unknown(at, member.key());
      }
    }
    return node(value["node"], at);
  }

  base::Status node(const json::Value& value, size_t at) {
    const std::string_view name = value["type"].text();
    const NodeKind* const kind = find_node(Family::kQuery, name);
    if (kind == nullptr) return unknown(at, base::lower(name));
    std::vector<std::string> entered;
    KILN_TRY(ctes(value["cte_map"], entered, at));
    if (name == "RECURSIVE_CTE_NODE") {
      KILN_TRY(recursive(value, *kind, at));
    } else {
      KILN_TRY(members(value, *kind, "type", at));
    }
    for (const std::string& cte : entered) leave(cte);
    return {};
  }

  /// Only its right side sees itself.
  base::Status recursive(const json::Value& value, const NodeKind& kind, size_t at) {
    const std::string self = base::lower(value["cte_name"].text());
    for (const json::Value& member : value.items()) {
      if (member.key() == "type") continue;
      const std::optional<Role> role = kind.role_of(member.key());
      if (!role) return unknown(at, member.key());
      const bool sees_itself = member.key() == "right";
      if (sees_itself) enter(self);
      KILN_TRY(walk(member, *role, at));
      if (sees_itself) leave(self);
    }
    return {};
  }

  /// Each sees those before it, and what is outside.
  base::Status ctes(const json::Value& map, std::vector<std::string>& entered, size_t at) {
    for (const json::Value& member : map.items()) {
      if (member.key() != "map") return unknown(at, member.key());
    }
    for (const json::Value& entry : map["map"].items()) {
      const std::string name = base::lower(entry["key"].text());
      if (is_catalogue_name(name)) {
        return fail_at_word({name}, at, "a name of the catalogue: " + name);
      }
      for (const json::Value& member : entry["value"].items()) {
        if (member.key() == "query") {
          KILN_TRY(query(member, at));
        } else if (member.key() == "key_targets") {
          KILN_TRY(walk(member, Role::kExpression, at));
        } else if (!lists("aliases materialized", member.key())) {
          return unknown(at, member.key());
        }
      }
      enter(name);
      entered.push_back(name);
    }
    return {};
  }

  void enter(const std::string& cte) { ++scope_[cte]; }
  void leave(const std::string& cte) {
    if (const auto found = scope_.find(cte); --found->second == 0) scope_.erase(found);
  }

  base::Status modifier(const json::Value& value, size_t at) {
    const std::string_view name = value["type"].text();
    const NodeKind* const kind = find_node(Family::kModifier, name);
    if (kind == nullptr) return unknown(at, base::lower(name));
    return members(value, *kind, "type", at);
  }

  /// Without values they would be looked up in an enum type.
  base::Status pivot(const json::Value& value, size_t at) {
    for (const json::Value& member : value.items()) {
      if (member.key() == "pivot_expressions") {
        KILN_TRY(walk(member, Role::kExpression, at));
      } else if (member.key() == "entries") {
        KILN_TRY(parts(member, at, "values alias", "star_expr", Role::kExpression));
      } else if (member.key() != "unpivot_names") {
        return unknown(at, member.key());
      }
    }
    return {};
  }

  const Checked& statement_;
  std::vector<bool> seen_;                      ///< of each mention of a placeholder
  std::unordered_map<std::string, int> scope_;  ///< CTEs, in lower case, and how often
  std::map<size_t, bool> resolved_;             ///< where a name stands, and whether it is a CTE's
  std::map<size_t, Mention> tables_;
};

}  // namespace

std::string placeholder_name(size_t mention) { return "p" + std::to_string(mention); }

base::Result<std::vector<Mention>> check(const Checked& statement) {
  return TreeCheck(statement).run();
}

}  // namespace kiln::sql
