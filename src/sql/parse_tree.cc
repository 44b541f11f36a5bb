#include "sql/parse_tree.h"

#include <memory>
#include <optional>

#include "base/mutex.h"
#include "base/sanitizer.h"
#include "sql/process_instance.h"
#include "sql/session.h"

namespace kiln::sql {
namespace {

/// A session with the one statement that it is there for.
class TreeParser {
 public:
  static base::Result<std::unique_ptr<TreeParser>> open() {
    std::shared_ptr<Instance> instance = process_instance();
    if (instance == nullptr) {
      // Its memory is that of values; the parser's own is bounded by sql/copies.
      InstanceOptions options;
      options.memory = uint64_t{512} << 20;
      KILN_ASSIGN(instance, Instance::open(options));
    }
    KILN_ASSIGN(std::unique_ptr<Session> session, Session::open(std::move(instance)));
    // The parser calls itself that deep; threads may have 2 MiB of stack.
    KILN_TRY(session->execute("SET max_expression_depth TO 250"));
    std::unique_ptr<TreeParser> parser(new TreeParser(std::move(session)));
    if (!parser->statement_.ok()) {
      return base::Error(base::ErrorCode::kInternal, "DuckDB: no json_serialize_sql");
    }
    return parser;
  }

  /// Nothing if DuckDB failed, which then may be past repair.
  std::optional<std::string> run(const std::string& text) { return statement_.text_for(text); }

 private:
  explicit TreeParser(std::unique_ptr<Session> session)
      : session_(std::move(session)),
        statement_(*session_,
                   "SELECT json_serialize_sql($1::VARCHAR, skip_null := true, skip_empty := true, "
                   "skip_default := true)") {}
  const std::unique_ptr<Session> session_;
  const PreparedStatement statement_;
};

class SharedParser {
 public:
  base::Result<std::string> run(const std::string& text) {
    const base::MutexLock lock(mutex_);
    const base::KeptToTheEnd kept;
    if (parser_ == nullptr) {
      KILN_ASSIGN(parser_, TreeParser::open());
    }
    std::optional<std::string> tree = parser_->run(text);
    if (tree) return *std::move(tree);
    parser_.reset();  // the next text gets another
    return base::Error(base::ErrorCode::kInvalid, "DuckDB cannot tell what this statement does");
  }

 private:
  base::Mutex mutex_;
  std::unique_ptr<TreeParser> parser_ KILN_GUARDED_BY(mutex_);
};

}  // namespace

base::Result<json::DocumentPtr> parse_tree(const std::string& text) {
  // Never closed: DuckDB has state of the thread that closes it, which is gone when this would be.
  static SharedParser* const kParser = new SharedParser;
  KILN_ASSIGN(std::string tree, kParser->run(text));
  if (tree.size() > kMostTreeBytes) {
    return base::Error(base::ErrorCode::kLimit, "the statement is too large");
  }
  auto document = json::Document::parse(std::move(tree), "parse tree", kMostTreeValues);
  if (document.ok()) return std::move(document).value();
  const bool is_deep = document.error().message().find("deep") != std::string::npos;
  return base::Error(base::ErrorCode::kLimit,
                     is_deep ? "the statement is nested too deeply" : "the statement is too large");
}

}  // namespace kiln::sql
