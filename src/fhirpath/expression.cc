#include "fhirpath/expression.h"

#include "fhirpath/compiler.h"
#include "fhirpath/typing.h"
#include "json/writer.h"

namespace kiln::fhirpath {
namespace {

ExprType focus_of(const BindContext& context) {
  return context.resource == fhir::kNoType ? ExprType::anything(true)
                                           : ExprType::of(context.resource);
}

base::Result<BoundExpression> bind_counted(const Ast& ast, std::string_view text,
                                           BindContext context, std::stop_token stop) {
  base::Work work(kMostCompileSteps, std::move(stop));
  if (context.work == nullptr) context.work = &work;
  return bind_expression(ast, text, context, focus_of(context));
}

void write_tree(const Bound& bound, const fhir::Model& model, std::string_view text,
                json::Writer& writer) {
  static constexpr std::string_view kKinds[] = {"constant", "$this",     "$index",  "$total",
                                                "root",     "%rowIndex", "element", "function"};
  writer.begin_object().member("kind", kKinds[static_cast<size_t>(bound.kind)]);
  if (bound.kind == BoundKind::kFunction) writer.member("name", bound.function->name);
  if (bound.kind == BoundKind::kChild) writer.member("name", fhir::text_of(bound.element));
  if (bound.kind == BoundKind::kConstant) {
    writer.member("text", text.substr(bound.span.begin, bound.span.end - bound.span.begin));
  }
  writer.member("type", describe(model, bound.type));
  writer.member("cardinality", bound.type.is_empty() ? "0" : (bound.type.single ? "0..1" : "0..*"));
  writer.key("at").number(static_cast<uint64_t>(bound.span.begin));
  if (bound.input) {
    writer.key("input");
    write_tree(*bound.input, model, text, writer);
  }
  if (!bound.arguments.empty()) {
    writer.key("arguments").begin_array();
    for (const auto& argument : bound.arguments) write_tree(*argument, model, text, writer);
    writer.end_array();
  }
  writer.end_object();
}

}  // namespace

base::Result<Expression> compile_expression(std::string_view text, const BindContext& context,
                                            std::stop_token stop) {
  KILN_ASSIGN(const std::unique_ptr<Ast> ast, parse_expression(text));
  Expression expression;
  expression.program.text = text;
  KILN_ASSIGN(BoundExpression bound, bind_counted(*ast, text, context, std::move(stop)));
  compile(*bound.tree, context.model, expression.program);
  expression.type = bound.tree->type;
  expression.warnings = std::move(bound.warnings);
  return expression;
}

base::Result<std::string> describe_tree(std::string_view text, const BindContext& context,
                                        std::stop_token stop) {
  KILN_ASSIGN(const std::unique_ptr<Ast> ast, parse_expression(text));
  KILN_ASSIGN(BoundExpression bound, bind_counted(*ast, text, context, std::move(stop)));
  json::Writer writer;
  write_tree(*bound.tree, context.model, text, writer);
  return std::move(writer).take();
}

}  // namespace kiln::fhirpath
