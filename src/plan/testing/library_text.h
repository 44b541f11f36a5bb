// Libraries of SQL for tests, as JSON.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/base64.h"

namespace kiln::plan {

struct LibraryText {
  std::string code = "sql-query";  ///< "": without a type
  std::string sql = "SELECT 1";
  std::vector<std::pair<std::string, std::string>> dependencies{};  ///< canonical, label
  std::vector<std::pair<std::string, std::string>> parameters{};    ///< name, type
  std::string url{};
  std::string version{};
  std::string more{};  ///< members, with a comma before each

  std::string text() const {
    std::string json = R"({"resourceType":"Library")" + member("url", url);
    json += member("version", version);
    if (!code.empty()) {
      json += R"(,"type":{"coding":[{"system":"http://hl7.org/fhir/uv/sql-on-fhir/CodeSystem/)"
              R"(LibraryTypesCodes","code":")" +
              code + R"("}]})";
    }
    json += list("relatedArtifact", dependencies, [](const auto& one) {
      return R"({"type":"depends-on","resource":")" + one.first + R"(","label":")" + one.second +
             "\"}";
    });
    json += list("parameter", parameters, [](const auto& one) {
      return R"({"use":"in","name":")" + one.first + R"(","type":")" + one.second + "\"}";
    });
    return json + R"(,"content":[{"contentType":"application/sql","data":")" +
           base::base64_encode(sql) + "\"}]" + more + "}";
  }

 private:
  static std::string member(const std::string& key, const std::string& value) {
    return value.empty() ? "" : ",\"" + key + "\":\"" + value + "\"";
  }
  template <typename Write>
  static std::string list(const std::string& key,
                          const std::vector<std::pair<std::string, std::string>>& items,
                          Write write) {
    std::string json;
    for (const auto& item : items) json += (json.empty() ? "" : ",") + write(item);
    return json.empty() ? "" : ",\"" + key + "\":[" + json + "]";
  }
};

}  // namespace kiln::plan
