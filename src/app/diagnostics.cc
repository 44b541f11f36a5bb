#include "app/diagnostics.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include <unistd.h>

#include "base/visible_text.h"

namespace kiln::app {
namespace {

bool use_color() {
  static const bool kColor = isatty(STDERR_FILENO) != 0 && std::getenv("NO_COLOR") == nullptr;
  return kColor;
}

/// The start of the character that the byte is in.
size_t character_at(const std::string& text, size_t byte) {
  while (byte > 0 && byte < text.size() &&
         (static_cast<unsigned char>(text[byte]) & 0xC0) == 0x80) {
    --byte;
  }
  return byte;
}

/// The line of the excerpt that the caret is in, cut to what a terminal shows.
std::string caret_lines(const std::string& excerpt, size_t caret) {
  static constexpr size_t kWidth = 96;
  size_t begin = excerpt.rfind('\n', caret == 0 ? 0 : caret - 1);
  begin = begin == std::string::npos || begin >= caret ? 0 : begin + 1;
  size_t end = excerpt.find('\n', caret);
  if (end == std::string::npos) end = excerpt.size();
  if (caret - begin > kWidth / 2) begin = character_at(excerpt, caret - kWidth / 2);
  if (end - begin > kWidth) end = character_at(excerpt, begin + kWidth);
  const std::string_view line(excerpt.data() + begin, end - begin);
  const size_t before = std::min(caret - begin, line.size());
  return "    " + base::visible_text(line) + "\n    " +
         std::string(base::shown_width(base::visible_text(line.substr(0, before))), ' ') + "^\n";
}

void print(const char* kind, const char* color, const base::Error& error) {
  std::string text;
  text += use_color() ? std::string(color) + kind + "\x1b[0m: " : std::string(kind) + ": ";
  text += base::visible_text(error.message()) + "\n";
  const base::SourcePosition& at = error.position();
  std::string where = at.source;
  if (at.line != 0) where += ":" + std::to_string(at.line);
  if (at.line != 0 && at.column != 0) where += ":" + std::to_string(at.column);
  if (!error.path().empty()) where += (where.empty() ? "" : ", ") + error.path();
  if (!where.empty()) text += "  at " + base::visible_text(where) + "\n";
  if (!error.excerpt().empty()) text += caret_lines(error.excerpt(), error.caret());
  if (!error.suggestion().empty()) {
    text += "  did you mean `" + base::visible_text(error.suggestion()) + "`?\n";
  }
  std::fputs(text.c_str(), stderr);
}

}  // namespace

void print_error(const base::Error& error) { print("error", "\x1b[1;31m", error); }
void print_warning(const base::Error& warning) { print("warning", "\x1b[1;33m", warning); }
void print_note(const std::string& text) {
  std::fprintf(stderr, "%s\n", base::visible_text(text).c_str());
}

void print_problems(const plan::Problems& problems, bool with_hints) {
  for (const plan::Problem& problem : problems.all()) {
    if (problem.severity == plan::Severity::kHint && !with_hints) continue;
    problem.severity == plan::Severity::kError ? print_error(problem.error)
                                               : print_warning(problem.error);
  }
}

int exit_status(const base::Error& error) {
  return error.code() == base::ErrorCode::kUsage ? 2 : 1;
}

int exit_status(const plan::Problems& problems) {
  int status = 0;
  for (const plan::Problem& problem : problems.all()) {
    if (problem.severity != plan::Severity::kError) continue;
    status = std::max(status, exit_status(problem.error));
  }
  return status;
}

}  // namespace kiln::app
