// The nodes of DuckDB's parse tree that a statement may have, and the members of each. Internal to
// the library.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

namespace kiln::sql {

/// What stands in a member, and so how it is walked.
enum class Role : unsigned char {
  kText,          ///< a flag, a number, a name of no meaning beyond the statement
  kRefused,       ///< what is not allowed if it is there at all
  kExpression,    ///< or an array of them, or an array of such arrays
  kTable,         ///< a table reference
  kQuery,         ///< {"node": ..}
  kNode,          ///< a query node, or an array of them
  kModifier,      ///< or an array of them
  kOrders,        ///< [{"expression": ..}]
  kCtes,          ///< {"map": [{"key": .., "value": ..}]}
  kType,          ///< a type, or an array of them
  kFieldTypes,    ///< [{"first": .., "second": a type}]
  kCases,         ///< [{"when_expr": .., "then_expr": ..}]
  kReplacements,  ///< [{"key": .., "value": an expression}]
  kPivots,        ///< [{"pivot_expressions": .., "entries": [{"star_expr": ..}]}]
};

/// Families of nodes; two of them may use the same name.
enum class Family : unsigned char { kExpression, kTable, kQuery, kModifier, kTypeInfo };

struct NodeKind {
  struct Member {
    std::string_view name;
    Role role;
  };
  std::string_view name;  ///< an expression's class, the type of any other
  std::vector<Member> members;

  /// Nothing where it has no such member.
  std::optional<Role> role_of(std::string_view member) const;
};

/// Null if there is none by this name. Members that all of a family have (class, type, alias,
/// query_location) are not among theirs.
const NodeKind* find_node(Family family, std::string_view name);

/// Of an expression of class OPERATOR.
bool is_known_operator(std::string_view type);

}  // namespace kiln::sql
