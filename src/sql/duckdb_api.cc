#include "sql/duckdb_api.h"

#include <cstdlib>
#include <filesystem>
#include <optional>

#include <dlfcn.h>

namespace kiln::sql {
namespace {

std::vector<std::string> candidates() {
  if (const char* const named = std::getenv("KILN_DUCKDB_LIBRARY")) return {named};
  std::vector<std::string> paths;
  std::error_code error;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", error);
  if (!error) {
    const auto folder = program.parent_path();
    paths.push_back(folder / "libduckdb.so");
    paths.push_back(folder.parent_path() / "lib" / "kiln" / "libduckdb.so");
    paths.push_back(folder.parent_path() / "lib" / "libduckdb.so");
  }
  paths.emplace_back("libduckdb.so");
  return paths;
}

base::Result<DuckDbApi> load() {
  void* library = nullptr;
  std::string reason;
  for (const std::string& path : candidates()) {
    library = dlopen(path.c_str(), RTLD_LAZY | RTLD_LOCAL);
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
