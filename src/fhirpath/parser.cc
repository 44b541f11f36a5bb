// Precedence climbing: expression(power) reads a term, then as many operators as bind at least as
// strongly as `power`, each with its right side. Dots, indexers and calls bind strongest. Each node
// counts its height, so that the tree's depth has a limit.
#include <algorithm>
#include <array>

#include "fhirpath/ast.h"

namespace kiln::fhirpath {
namespace {

/// Binding powers of the binary operators, loosest first (FHIRPath §6.8).
struct BinaryOperator {
  std::string_view text;
  int power;
};
constexpr std::array kBinaryOperators = {
    BinaryOperator{"implies", 1}, BinaryOperator{"or", 2},   BinaryOperator{"xor", 2},
    BinaryOperator{"and", 3},     BinaryOperator{"in", 4},   BinaryOperator{"contains", 4},
    BinaryOperator{"=", 5},       BinaryOperator{"!=", 5},   BinaryOperator{"~", 5},
    BinaryOperator{"!~", 5},      BinaryOperator{"<", 6},    BinaryOperator{">", 6},
    BinaryOperator{"<=", 6},      BinaryOperator{">=", 6},   BinaryOperator{"|", 7},
    BinaryOperator{"is", 8},      BinaryOperator{"as", 8},   BinaryOperator{"+", 9},
    BinaryOperator{"-", 9},       BinaryOperator{"&", 9},    BinaryOperator{"*", 10},
    BinaryOperator{"/", 10},      BinaryOperator{"div", 10}, BinaryOperator{"mod", 10},
};
constexpr int kUnaryPower = 11;

constexpr std::array<std::string_view, 16> kCalendarWords = {
    "year", "years", "month",  "months",  "week",   "weeks",   "day",         "days",
    "hour", "hours", "minute", "minutes", "second", "seconds", "millisecond", "milliseconds"};

using AstPtr = std::unique_ptr<Ast>;

class Parser {
 public:
  Parser(std::string_view text, std::vector<Token> tokens)
      : text_(text), tokens_(std::move(tokens)) {}

  base::Result<AstPtr> run() {
    KILN_ASSIGN(AstPtr tree, expression(0));
    if (token().kind != TokenKind::kEnd) return fail("expected an operator or the end");
    return tree;
  }

 private:
  const Token& token() const { return tokens_[at_]; }
  bool at_symbol(std::string_view symbol) const {
    return token().kind == TokenKind::kSymbol && token().text == symbol;
  }
  bool take(std::string_view symbol) {
    if (!at_symbol(symbol)) return false;
    ++at_;
    return true;
  }
  base::Error fail(std::string message) const {
    if (token().kind == TokenKind::kEnd) message += ", but the expression ends";
    return error_at(text_, token().span, std::move(message));
  }
  base::Status expect(std::string_view symbol) {
    if (take(symbol)) return {};
    return fail("expected '" + std::string(symbol) + "'");
  }

  base::Result<AstPtr> make(AstKind kind, Span span, std::string text,
                            std::vector<AstPtr> children = {}) {
    AstPtr node(new Ast{kind, span, std::move(text), {}, false, 1, std::move(children)});
    for (const AstPtr& child : node->children) {
      if (child) node->height = std::max(node->height, child->height + 1);
    }
    if (node->height > kMaxExpressionDepth) return too_deep(span);
    return node;
  }

  base::Error too_deep(Span span) const {
    return error_at(text_, span, "the expression is nested too deeply", base::ErrorCode::kLimit);
  }

  const BinaryOperator* binary_operator() const {
    const Token& t = token();
    if (t.kind != TokenKind::kSymbol && (t.kind != TokenKind::kIdentifier || t.delimited)) {
      return nullptr;
    }
    for (const BinaryOperator& candidate : kBinaryOperators) {
      if (candidate.text == t.text) return &candidate;
    }
    return nullptr;
  }

  /// Operators that bind at least as tightly as `power`, left-associative.
  base::Result<AstPtr> expression(int power) {
    if (++depth_ > kMaxExpressionDepth) return too_deep(token().span);
    KILN_ASSIGN(AstPtr left, unary());
    for (;;) {
      const BinaryOperator* const op = binary_operator();
      if (op == nullptr || op->power < power) break;
      const Span span = token().span;
      ++at_;
      std::vector<AstPtr> operands;
      operands.push_back(std::move(left));
      if (op->text == "is" || op->text == "as") {
        KILN_ASSIGN(std::string type, type_name());
        KILN_ASSIGN(left, make(AstKind::kType, span, std::string(op->text), std::move(operands)));
        left->unit = std::move(type);
        continue;
      }
      KILN_ASSIGN(AstPtr right, expression(op->power + 1));
      operands.push_back(std::move(right));
      KILN_ASSIGN(left, make(AstKind::kBinary, span, std::string(op->text), std::move(operands)));
    }
    --depth_;
    return left;
  }

  base::Result<AstPtr> unary() {
    if (!at_symbol("+") && !at_symbol("-")) return postfix();
    const Token sign = token();
    ++at_;
    std::vector<AstPtr> operands;
    KILN_ASSIGN(AstPtr operand, expression(kUnaryPower));
    operands.push_back(std::move(operand));
    return make(AstKind::kUnary, sign.span, sign.text, std::move(operands));
  }

  base::Result<AstPtr> postfix() {
    KILN_ASSIGN(AstPtr left, term());
    for (;;) {
      std::vector<AstPtr> children;
      if (take(".")) {
        KILN_ASSIGN(left, invocation(std::move(left)));
      } else if (at_symbol("[")) {
        const Span span = token().span;
        ++at_;
        children.push_back(std::move(left));
        KILN_ASSIGN(AstPtr index, expression(0));
        KILN_TRY(expect("]"));
        children.push_back(std::move(index));
        KILN_ASSIGN(left, make(AstKind::kIndexer, span, "[]", std::move(children)));
      } else {
        return left;
      }
    }
  }

  /// What may follow a dot: a name, a function, $this, $index, $total.
  base::Result<AstPtr> invocation(AstPtr input) {
    const Token t = token();
    if (t.kind == TokenKind::kVariable) {
      // x.$this is x's own $this, which is nothing but the enclosing one; only $this is of use.
      return fail("$" + t.text + " cannot follow a dot");
    }
    if (t.kind != TokenKind::kIdentifier) return fail("expected a name after '.'");
    ++at_;
    std::vector<AstPtr> children;
    children.push_back(std::move(input));
    if (!at_symbol("(")) return make(AstKind::kName, t.span, t.text, std::move(children));
    return function(t, std::move(children));
  }

  base::Result<AstPtr> function(const Token& name, std::vector<AstPtr> children) {
    KILN_TRY(expect("("));
    if (!take(")")) {
      do {
        KILN_ASSIGN(AstPtr argument, expression(0));
        children.push_back(std::move(argument));
      } while (take(","));
      if (!take(")")) return fail("expected ',' or ')'");
    }
    return make(AstKind::kFunction, name.span, name.text, std::move(children));
  }

  base::Result<AstPtr> term() {
    const Token t = token();
    switch (t.kind) {
      case TokenKind::kString:
        ++at_;
        return make(AstKind::kString, t.span, t.text);
      case TokenKind::kInteger:
      case TokenKind::kDecimal:
        return number();
      case TokenKind::kLong:
        ++at_;
        return make(AstKind::kLong, t.span, t.text);
      case TokenKind::kDate:
        ++at_;
        return make(AstKind::kDate, t.span, t.text);
      case TokenKind::kDateTime:
        ++at_;
        return make(AstKind::kDateTime, t.span, t.text);
      case TokenKind::kTime:
        ++at_;
        return make(AstKind::kTime, t.span, t.text);
      case TokenKind::kExternal:
        ++at_;
        return make(AstKind::kExternal, t.span, t.text);
      case TokenKind::kVariable: {
        ++at_;
        const AstKind kind = t.text == "this"    ? AstKind::kThis
                             : t.text == "index" ? AstKind::kIndex
                                                 : AstKind::kTotal;
        return make(kind, t.span, t.text);
      }
      case TokenKind::kIdentifier:
        return name();
      case TokenKind::kSymbol:
        if (take("(")) {
          KILN_ASSIGN(AstPtr inner, expression(0));
          KILN_TRY(expect(")"));
          return inner;
        }
        if (take("{")) {
          KILN_TRY(expect("}"));
          return make(AstKind::kEmpty, t.span, "{}");
        }
        return fail("expected an expression");
      case TokenKind::kEnd:
        break;
    }
    return fail("expected an expression");
  }

  base::Result<AstPtr> name() {
    const Token t = token();
    ++at_;
    if (!t.delimited && (t.text == "true" || t.text == "false")) {
      return make(AstKind::kBoolean, t.span, t.text);
    }
    std::vector<AstPtr> no_input;
    if (at_symbol("(")) {
      no_input.push_back(nullptr);
      return function(t, std::move(no_input));
    }
    return make(AstKind::kName, t.span, t.text);
  }

  /// A number, with a unit if one follows: 4 days, 10 'mg'.
  base::Result<AstPtr> number() {
    const Token t = token();
    ++at_;
    const Token& unit = token();
    const bool word =
        unit.kind == TokenKind::kIdentifier && !unit.delimited &&
        std::find(kCalendarWords.begin(), kCalendarWords.end(), unit.text) != kCalendarWords.end();
    if (!word && unit.kind != TokenKind::kString) {
      return make(t.kind == TokenKind::kInteger ? AstKind::kInteger : AstKind::kDecimal, t.span,
                  t.text);
    }
    ++at_;
    KILN_ASSIGN(AstPtr quantity, make(AstKind::kQuantity, {t.span.begin, unit.span.end}, t.text));
    quantity->unit = unit.text;
    quantity->calendar = word;
    return quantity;
  }

  /// Patient, FHIR.Patient, System.`String`.
  base::Result<std::string> type_name() {
    if (token().kind != TokenKind::kIdentifier) return fail("expected the name of a type");
    std::string type = token().text;
    ++at_;
    while (at_symbol(".") && tokens_[at_ + 1].kind == TokenKind::kIdentifier) {
      ++at_;
      type += "." + token().text;
      ++at_;
    }
    return type;
  }

  std::string_view text_;
  std::vector<Token> tokens_;
  size_t at_ = 0;
  int depth_ = 0;
};

}  // namespace

base::Result<std::unique_ptr<Ast>> parse_expression(std::string_view expression) {
  KILN_ASSIGN(std::vector<Token> tokens, tokenize(expression));
  return Parser(expression, std::move(tokens)).run();
}

}  // namespace kiln::fhirpath
