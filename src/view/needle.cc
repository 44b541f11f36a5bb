#include "view/needle.h"

#include <algorithm>

#include "base/text.h"

namespace kiln::view {
namespace {

using fhirpath::Bound;
using fhirpath::BoundKind;
using fhirpath::Compares;
using fhirpath::Implies;
using fhirpath::Reads;

void append(std::vector<std::string>& to, std::vector<std::string> from) {
  for (std::string& text : from) to.push_back(std::move(text));
}

/// Only characters that JSON can write in no other way than as themselves or as \u escapes, for
/// which search_line looks, too.
bool is_searchable(std::string_view text) {
  return !text.empty() && text.size() <= 60 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || base::is_digit(c) || c == '_' ||
           c == '-' || c == '.' || c == ':' || c == ' ';
  });
}

/// A String constant as it stands in JSON; "" if it may stand there in several ways.
std::string literal_text(const Bound& bound) {
  const std::string* const text = bound.constant.text();
  return text != nullptr && is_searchable(*text) ? "\"" + *text + "\"" : std::string();
}

bool is_string_path(const Bound& bound, const fhir::Model& model) {
  return !bound.type.open && !bound.type.types.empty() &&
         std::all_of(bound.type.types.begin(), bound.type.types.end(), [&](fhir::TypeId type) {
           return model.system_type(type) == fhir::kSystemString;
         });
}

}  // namespace

std::vector<std::string> texts_if_present(const Bound& bound, const fhir::Model& model) {
  std::vector<std::string> texts;
  if (bound.kind == BoundKind::kChild) {
    if (bound.input) texts = texts_if_present(*bound.input, model);
    // A choice has one of several keys; a primitive may have only its "_" key.
    const auto rows = fhirpath::known_rows(model, bound);
    if (rows.size() != 1) return texts;
    texts.push_back((model.is_primitive(rows[0].type) ? "" : "\"") +
                    std::string(fhir::text_of(rows[0].json)) + "\"");
    return texts;
  }
  if (bound.kind != BoundKind::kFunction || !bound.input) return texts;
  const Reads reads = bound.function->reads;
  if (reads == Reads::kFirst || reads == Reads::kPosition || reads == Reads::kItems) {
    texts = texts_if_present(*bound.input, model);
    if (bound.function->implies == Implies::kCriteria) {
      append(texts, texts_if_true(*bound.arguments[0], model));
    }
  }
  return texts;
}

std::vector<std::string> texts_if_true(const Bound& bound, const fhir::Model& model) {
  std::vector<std::string> texts;
  if (bound.kind == BoundKind::kChild) return texts_if_present(bound, model);
  if (bound.kind != BoundKind::kFunction || !bound.input) return texts;
  if (bound.function->implies == Implies::kBothSides) {
    texts = texts_if_true(*bound.input, model);
    append(texts, texts_if_true(*bound.arguments[0], model));
  } else if (bound.function->compares == Compares::kEqual) {
    texts = texts_if_present(*bound.input, model);
    append(texts, texts_if_present(*bound.arguments[0], model));
    for (const auto& [literal, path] : {std::pair(bound.input.get(), bound.arguments[0].get()),
                                        std::pair(bound.arguments[0].get(), bound.input.get())}) {
      const std::string text = literal_text(*literal);
      if (!text.empty() && is_string_path(*path, model)) texts.push_back(text);
    }
  } else if (bound.function->implies == Implies::kPresence) {
    texts = texts_if_present(*bound.input, model);
    if (!bound.arguments.empty()) append(texts, texts_if_true(*bound.arguments[0], model));
  }
  return texts;
}

std::string best_needle(const std::vector<std::string>& texts) {
  // Keys are words; a code such as "85354-9" is rarer than any word.
  const auto score = [](const std::string& text) {
    const bool has_digit =
        std::any_of(text.begin(), text.end(), [](char c) { return base::is_digit(c); });
    return text.size() + (has_digit ? 100U : 0U);
  };
  std::string best;
  for (const std::string& text : texts) {
    // Every resource has these.
    if (text.size() < 5 || text == "\"code\"" || text == "\"coding\"" || text == "\"subject\"") {
      continue;
    }
    if (best.empty() || score(text) > score(best)) best = text;
  }
  return best;
}

}  // namespace kiln::view
