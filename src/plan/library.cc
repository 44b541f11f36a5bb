#include "plan/library.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "base/base64.h"
#include "base/near_name.h"
#include "base/text.h"
#include "base/utf8.h"
#include "plan/problem.h"

namespace kiln::plan {
namespace {

using base::Error;
using base::ErrorCode;

constexpr std::array<std::string_view, 8> kTypes = {"string",  "integer", "date", "dateTime",
                                                    "boolean", "decimal", "code", "instant"};

constexpr std::string_view kTypeSystem =
    "http://hl7.org/fhir/uv/sql-on-fhir/CodeSystem/LibraryTypesCodes";
constexpr std::string_view kOlderTypeSystem =
    "https://sql-on-fhir.org/ig/CodeSystem/LibraryTypesCodes";

/// What the name of a table or parameter may be without quotes.
bool is_plain_identifier(std::string_view text) {
  static constexpr size_t kLongest = 255;
  const auto is_letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  return !text.empty() && text.size() <= kLongest && is_letter(text.front()) &&
         std::all_of(text.begin(), text.end(),
                     [&](char c) { return is_letter(c) || base::is_digit(c); });
}

struct Kinds {
  bool query = false;
  bool view = false;
  bool logic = false;  ///< of HL7's own types of Libraries
  bool any = false;
};

Kinds kinds_of(json::Value library) {
  Kinds kinds;
  for (const json::Value coding : library["type"]["coding"].items()) {
    kinds.any = true;
    const std::string_view system = coding["system"].text(), code = coding["code"].text();
    if (code == "logic-library") kinds.logic = true;
    if (system != kTypeSystem && system != kOlderTypeSystem) continue;
    if (code == "sql-query") kinds.query = true;
    if (code == "sql-view") kinds.view = true;
  }
  return kinds;
}

enum class Fit : uint8_t { kNone, kPlain, kDialect };

/// How well an attachment of a media type suits DuckDB.
Fit fit_of(std::string_view content_type) {
  Fit fit = Fit::kNone;
  bool is_first = true;
  base::for_each_piece(content_type, ';', [&](std::string_view piece) {
    const std::string text = base::lower(base::trimmed(piece));
    if (std::exchange(is_first, false)) {
      if (text == "application/sql") fit = Fit::kPlain;
      return;
    }
    if (!text.starts_with("dialect=") || fit == Fit::kNone) return;
    const std::string_view dialect = std::string_view(text).substr(text.find('=') + 1);
    fit = dialect == "duckdb" || dialect == "\"duckdb\"" ? Fit::kDialect : Fit::kNone;
  });
  return fit;
}

class LibraryReader {
 public:
  explicit LibraryReader(Library& library) : library_(library) {}

  void read_text(std::string text, std::string source, const std::vector<Dependency>& tables) {
    for (const Dependency& table : tables) {
      labels_.insert(base::lower(table.label));
      label_names_.emplace_back(table.label);
    }
    read_sql(std::move(text), std::move(source), "");
    if (!library_.statement) return;
    std::set<std::string> mentioned;
    for (const sql::Mention& table : library_.statement->tables()) {
      mentioned.insert(base::lower(table.name));
    }
    for (const Dependency& table : tables) {
      if (mentioned.contains(base::lower(table.label))) library_.dependencies.push_back(table);
    }
  }

  void read() {
    library_.url = library_.value["url"].text();
    library_.version = library_.value["version"].text();
    library_.name = library_.value["name"].text();
    read_kind();
    each("relatedArtifact", [this](json::Value value, const std::string& path) {
      if (value["type"].text() == "depends-on") read_dependency(value, path);
    });
    each("parameter", [this](json::Value value, const std::string& path) {
      if (value["use"].text() != "out") read_parameter(value, path);
    });
    if (library_.kind == LibraryKind::kView && !library_.parameters.empty()) {
      error(library_.value["parameter"], "parameter", "a SQLView has no parameters");
    }
    read_statement();
  }

 private:
  void add(Error error) {
    if (!library_.problems.has_room(library_.problems.errors)) return;
    library_.problems.errors.push_back(std::move(error));
  }

  /// `what` and the value, where it is one, in the message.
  void error(json::Value at, std::string path, std::string_view what, std::string_view named = {}) {
    if (!library_.problems.has_room(library_.problems.errors)) return;  // a position costs a search
    std::string message(what);
    if (!named.empty()) message += ": " + shortened(named);
    add(Error(ErrorCode::kInvalid, std::move(message))
            .at((at ? at : library_.value).position())
            .with_path(std::move(path)));
  }

  template <typename Function>
  void each(std::string_view key, Function function) {
    const json::Value list = library_.value[key];
    if (list.missing()) return;
    if (!list.is_array()) return error(list, std::string(key), "expected a list");
    size_t index = 0;
    for (const json::Value item : list.items()) {
      std::string path = std::string(key) + "[" + std::to_string(index++) + "]";
      if (item.is_object()) {
        function(item, path);
      } else {
        error(item, std::move(path), "expected an object");
      }
    }
  }

  void read_kind() {
    const Kinds kinds = kinds_of(library_.value);
    const json::Value type = library_.value["type"];
    if (kinds.query && kinds.view) {
      error(type, "type", "a Library is a SQLQuery or a SQLView, not both");
    }
    if (kinds.view) library_.kind = LibraryKind::kView;
    if (kinds.query || kinds.view) return;
    if (library_.origin == Origin::kGiven && (kinds.logic || !kinds.any)) return;
    error(type, "type",
          "neither a SQLQuery nor a SQLView: type.coding needs the code sql-query or sql-view of " +
              std::string(kTypeSystem));
  }

  void read_dependency(json::Value value, const std::string& path) {
    const std::string label(value["label"].text());
    const json::Value resource = value["resource"];
    if (!resource.is_string() || resource.text().empty()) {
      error(resource ? resource : value, path + ".resource",
            "a dependency needs the canonical of a ViewDefinition or SQLView");
    }
    if (!value["label"].is_string()) {
      error(value, path + ".label", "a dependency needs a label, the name of its table");
      return;
    }
    if (!is_plain_identifier(label)) {
      error(value["label"], path + ".label", "a label is letters, digits and _", label);
      return;
    }
    if (!labels_.insert(base::lower(label)).second) {
      error(value["label"], path + ".label", "a label twice (case does not count)", label);
      return;
    }
    label_names_.push_back(value["label"].text());
    if (resource.text().empty()) return;
    library_.dependencies.push_back(
        {std::string(resource.text()), label, path + ".resource", resource});
  }

  void read_parameter(json::Value value, const std::string& path) {
    const std::string name(value["name"].text());
    const json::Value type = value["type"];
    if (value["use"].text() != "in") error(value, path + ".use", "neither in nor out");
    const auto known = parameter_type(type.text());
    if (!known || name_of(*known) != type.text()) {
      error(type ? type : value, path + ".type",
            "a parameter is a string, integer, date, dateTime, boolean, decimal, code or instant",
            type.text());
    }
    if (!is_plain_identifier(name)) {
      error(value["name"] ? value["name"] : value, path + ".name",
            "a parameter needs a name of letters, digits and _", name);
      return;
    }
    if (!parameter_names_.insert(base::lower(name)).second) {
      error(value["name"], path + ".name", "a parameter twice (case does not count)", name);
      return;
    }
    library_.parameters.push_back({name, known.value_or(ParameterType::kString)});
  }

  void read_statement() {
    json::Value chosen;
    std::string path;
    Fit best = Fit::kNone;
    std::string others;
    each("content", [&](json::Value value, const std::string& place) {
      const std::string_view content_type = value["contentType"].text();
      const Fit fit = fit_of(content_type);
      if (fit == Fit::kNone && others.size() < 200) {
        others += (others.empty() ? "" : ", ") + shortened(content_type);
      }
      if (fit <= best) return;
      best = fit;
      chosen = value;
      path = place;
    });
    if (best == Fit::kNone) {
      error(library_.value["content"], "content",
            "no SQL that DuckDB reads: an attachment of contentType application/sql or "
            "application/sql;dialect=duckdb is needed",
            others);
      return;
    }
    path += ".data";
    const json::Value data = chosen["data"];
    if (!data.is_string() || data.text().empty()) {
      error(data ? data : chosen, path, "the SQL is missing: it is read from data alone");
      return;
    }
    auto text = base::base64_decode(data.text());
    if (!text) return error(data, path, "not base64");
    for (size_t at = 0, size = 0; at < text->size(); at += size) {
      size = base::utf8_character(std::string_view(*text).substr(at));
      if (size == 0) return error(data, path, "the SQL is not UTF-8, at byte", std::to_string(at));
    }
    read_sql(*std::move(text), library_.document->source() + " (SQL)", path);
  }

  void read_sql(std::string text, std::string source, const std::string& path) {
    auto statement = sql::Statement::parse(std::move(text), std::move(source));
    if (!statement.ok()) return add(std::move(statement).error().with_path(path));
    check_tables(*statement, path);
    check_placeholders(*statement, path);
    library_.statement = std::move(statement).value();
  }

  void check_tables(const sql::Statement& statement, const std::string& path) {
    std::set<std::string> told;
    for (const sql::Mention& table : statement.tables()) {
      std::string name = base::lower(table.name);
      if (labels_.contains(name) || !told.insert(std::move(name)).second) continue;
      add_at(statement, table, path, "no table is declared with the label", label_names_);
    }
  }

  void check_placeholders(const sql::Statement& statement, const std::string& path) {
    std::vector<std::string_view> declared;
    std::set<std::string_view> known;
    for (const DeclaredParameter& parameter : library_.parameters) {
      declared.emplace_back(parameter.name);
      known.insert(parameter.name);
    }
    std::set<std::string> lowered;
    for (const sql::Mention& placeholder : statement.placeholders()) {
      if (known.contains(placeholder.name)) continue;
      known.insert(placeholder.name);  // told once
      if (library_.kind == LibraryKind::kView) {
        add_at(statement, placeholder, path, "a SQLView has no parameters", {});
      } else if (!library_.takes_undeclared()) {
        add_at(statement, placeholder, path, "no parameter is declared with the name", declared);
      } else if (!lowered.insert(base::lower(placeholder.name)).second) {
        add_at(statement, placeholder, path, "two placeholders that differ in case alone", {});
      }
    }
  }

  void add_at(const sql::Statement& statement, const sql::Mention& mention, const std::string& path,
              std::string_view what, const std::vector<std::string_view>& known) {
    if (!library_.problems.has_room(library_.problems.errors)) return;
    add(statement
            .at(mention.begin,
                Error(ErrorCode::kInvalid, std::string(what) + ": " + shortened(mention.name))
                    .with_suggestion(base::nearest_name(mention.name, known)))
            .with_path(path));
  }

  Library& library_;
  std::set<std::string> labels_;  ///< in lower case
  std::vector<std::string_view> label_names_;
  std::set<std::string> parameter_names_;  ///< in lower case
};

}  // namespace

std::string_view name_of(LibraryKind kind) {
  return kind == LibraryKind::kQuery ? "SQLQuery" : "SQLView";
}

std::string_view name_of(ParameterType type) { return kTypes.at(static_cast<size_t>(type)); }

std::optional<ParameterType> parameter_type(std::string_view name) {
  for (size_t i = 0; i < kTypes.size(); ++i) {
    const std::string_view type = kTypes.at(i);
    if (!name.empty() && (name[0] == type[0] || name[0] == type[0] - 'a' + 'A') &&
        name.substr(1) == type.substr(1)) {
      return static_cast<ParameterType>(i);
    }
  }
  return std::nullopt;
}

bool is_sql_library(json::Value value) {
  const Kinds kinds = kinds_of(value);
  return kinds.query || kinds.view;
}

LibraryPtr read_library(const json::DocumentPtr& document, json::Value value, Origin origin) {
  auto library = std::make_shared<Library>();
  library->document = document;
  library->value = value;
  library->origin = origin;
  LibraryReader(*library).read();
  return library;
}

LibraryPtr read_statement(std::string text, std::string source,
                          const std::vector<Dependency>& tables) {
  auto library = std::make_shared<Library>();
  LibraryReader(*library).read_text(std::move(text), std::move(source), tables);
  return library;
}

}  // namespace kiln::plan
