#include "plan/output_names.h"

#include <cctype>
#include <set>

#include "base/text.h"

namespace kiln::plan {
namespace {

constexpr size_t kLongestStem = 100;

std::string safe_stem(std::string_view name) {
  std::string stem;
  for (const char c : name.substr(0, kLongestStem)) {
    const bool safe = std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-' ||
                      (c == '.' && !stem.empty());
    stem += safe ? c : '_';
  }
  return stem.empty() ? "output" : stem;
}

}  // namespace

void name_outputs(std::vector<Subject>& subjects, const std::string& place, Problems& problems) {
  std::set<std::string, std::less<>> taken;
  for (const Subject& subject : subjects) {
    if (!subject.name.empty() && !taken.insert(subject.name).second) {
      problems.add(
          ProblemCode::kSameName, place,
          base::Error(base::ErrorCode::kUsage, "two outputs are named '" + subject.name + "'"));
    }
  }
  for (size_t i = 0; i < subjects.size(); ++i) {
    std::string& name = subjects[i].name;
    if (!name.empty()) continue;
    name = "view" + std::to_string(i + 1);
    while (!taken.insert(name).second) name += "_";
  }
}

void name_files(std::vector<Subject>& subjects) {
  std::set<std::string> taken;
  for (Subject& subject : subjects) {
    const std::string stem = safe_stem(subject.name);
    subject.stem = stem;
    for (int i = 2; !taken.insert(base::lower(subject.stem)).second; ++i) {
      subject.stem = stem + "_" + std::to_string(i);
    }
  }
}

void check_format(table::Format format, const std::vector<Subject>& subjects, Problems& problems) {
  for (const Subject& subject : subjects) {
    if (!subject.complete()) continue;
    base::Status status = table::check_format(format, subject.schema());
    if (status.ok()) continue;
    problems.add(ProblemCode::kUnsuitedFormat, subject.place, std::move(status).error());
  }
}

void check_compression(const output::Layout& layout, const std::string& place, Problems& problems) {
  if (layout.compression == output::Compression::kNone) return;
  if (output::traits_of(layout.format).can_be_compressed) return;
  problems.add(ProblemCode::kUnsuitedLayout, place,
               base::Error(base::ErrorCode::kUsage, "Parquet is compressed inside"));
}

void check_count(table::Format format, size_t outputs, const std::string& place,
                 Problems& problems) {
  const size_t most = output::traits_of(format).most_together;
  if (outputs <= most) return;
  const std::string kind = format == table::Format::kParquet ? "Parquet export" : "export";
  problems.add(ProblemCode::kTooManyOutputs, place,
               base::Error(base::ErrorCode::kUsage,
                           "more than " + std::to_string(most) + " views in one " + kind));
}

}  // namespace kiln::plan
