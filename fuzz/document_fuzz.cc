// One text as JSON by three readers: the whole-document reader, the full validation of lines, and
// simdjson. They must agree on what is valid, but for what only some of them look at.
#include <algorithm>

#include <simdjson.h>

#include "fuzz/fuzz.h"
#include "json/document.h"
#include "json/minify.h"
#include "json/validate.h"
#include "json/writer.h"

namespace {

/// simdjson's own bounds of numbers, which ours do not have: a decimal is a text here.
bool is_number_trouble(simdjson::error_code error) { return error == simdjson::NUMBER_ERROR; }

std::string minified(const kiln::json::Document& document) {
  std::string text;
  kiln::json::minify(document.root().raw(), text);
  return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace kiln;
  std::string text(fuzz::as_text(data, size));
  std::replace(text.begin(), text.end(), '\n', ' ');  // full validation is of lines
  // A byte order mark is the reader's to take away, where a line is validated.
  std::string_view line = text;
  if (line.starts_with("\xEF\xBB\xBF")) line.remove_prefix(3);
  const auto problem = json::find_problem(line);
  const auto document = json::Document::parse(text, "fuzz");
  const bool blank = line.find_first_not_of(" \t\r\n") == std::string::npos;
  static simdjson::dom::parser parser;
  simdjson::dom::element element;
  const simdjson::error_code error = parser.parse(simdjson::padded_string(line)).get(element);
  if (!problem && !blank) {
    fuzz::check(error == simdjson::SUCCESS || is_number_trouble(error),
                "full validation accepts what simdjson refuses", text);
  }
  if (problem && error == simdjson::SUCCESS) {
    const std::string_view message = problem->message;
    fuzz::check(problem->offset <= text.size(), "a position outside of the text");
    fuzz::check(message.find("twice") != message.npos || message.find("nest") != message.npos,
                "full validation refuses what simdjson accepts", message);
  }
  if (document.ok()) {
    fuzz::check(!problem, "a document is accepted that full validation refuses", text);
    // What it holds, written again, is the same document.
    const std::string small = minified(**document);
    const auto again = json::Document::parse(small, "again");
    fuzz::check(again.ok(), "the minified text is no document", small);
    fuzz::check(minified(**again) == small, "minifying twice differs", small);
    if ((*document)->root().is_string()) {
      std::string written;
      json::append_string(written, (*document)->root().text());
      const auto back = json::Document::parse(written, "back");
      fuzz::check(back.ok() && (*back)->root().text() == (*document)->root().text(),
                  "a string does not survive writing", written);
    }
  }
  return 0;
}
