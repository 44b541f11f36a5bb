#include "sql/duckdb_api.h"

#include <cstdlib>
#include <filesystem>

#include <dlfcn.h>
#include <link.h>

#include "base/sanitizer.h"

namespace kiln::sql {
namespace {

/// Of the program, or of the shared library that Kiln is in. "" where that cannot be told.
std::filesystem::path own_folder() {
  static const int kHere = 0;
  Dl_info info{};
  link_map* object = nullptr;
  std::error_code error;
  if (dladdr1(&kHere, &info, reinterpret_cast<void**>(&object), RTLD_DL_LINKMAP) != 0 &&
      object->l_name[0] != '\0') {  // the program itself has no name there
    return std::filesystem::canonical(object->l_name, error).parent_path();
  }
  // Not canonical(): the file may have been replaced since, by an upgrade.
  return std::filesystem::read_symlink("/proc/self/exe", error).parent_path();
}

/// Beside what was built, in the private folder of what was installed, wherever its prefix was
/// moved to, and where the loader looks.
std::vector<std::string> candidates() {
  if (const char* const named = std::getenv("KILN_DUCKDB_LIBRARY")) return {named};
  std::vector<std::string> paths;
  if (const auto folder = own_folder(); !folder.empty()) {
    for (const char* const private_folder :
         {"", "kiln", "../lib/kiln", "../lib/" KILN_MULTIARCH "/kiln", "../lib"}) {
      paths.push_back(folder / private_folder / "libduckdb.so");
    }
  }
  paths.emplace_back("libduckdb.so");
  return paths;
}

base::Result<DuckDbApi> load() {
  void* library = nullptr;
  std::string reason;
  // Its symbols are its own: not looked for in all the libraries of the program first, which is a
  // fifth of a small query's time. A sanitizer has to stand before them.
  const int deep = base::kSanitized ? 0 : RTLD_DEEPBIND;
  for (const std::string& path : candidates()) {
    library = dlopen(path.c_str(), RTLD_LAZY | RTLD_LOCAL | deep);
    if (library != nullptr) break;
    reason = dlerror();
  }
  if (library == nullptr) {
    return base::Error(base::ErrorCode::kIo,
                       "libduckdb.so is needed for Parquet and SQL and was not found (set "
                       "KILN_DUCKDB_LIBRARY to its path): " +
                           reason);
  }
  DuckDbApi api{};
#define KILN_LOOK_UP(name)                                                    \
  api.name = reinterpret_cast<decltype(api.name)>(dlsym(library, #name));     \
  if (api.name == nullptr) {                                                  \
    return base::Error(base::ErrorCode::kIo,                                  \
                       "libduckdb.so is too old: it has no function " #name); \
  }
  KILN_DUCKDB_FUNCTIONS(KILN_LOOK_UP)
#undef KILN_LOOK_UP
  return api;
}

}  // namespace

base::Result<const DuckDbApi*> duckdb_api() {
  static const base::Result<DuckDbApi> kApi = load();
  if (!kApi.ok()) return kApi.error().clone();
  return &kApi.value();
}

}  // namespace kiln::sql
