// Random resources and random expressions over them, from a seed.
#pragma once

#include <random>
#include <string>

#include "fhir/model.h"

namespace kiln::conformance {

class RandomFhir {
 public:
  RandomFhir(const fhir::Model& model, uint64_t seed) : model_(model), random_(seed) {}

  /// One line of JSON: valid for the model but for odd things that may come: null items with
  /// extensions, unknown keys, white space, escaped keys and texts, any order of keys.
  std::string resource(const std::string& type);
  /// An expression that binds without errors, of what the oracle knows.
  std::string expression(const std::string& type);

 private:
  size_t below(size_t bound) { return random_() % bound; }
  bool chance(size_t percent) { return below(100) < percent; }
  std::string space();
  std::string key(std::string_view name);
  std::string object(fhir::TypeId type, int depth, const std::string& resource_type);
  std::string value(fhir::TypeId type, int depth);
  std::string primitive(fhir::TypeId type);
  std::string extensions();
  std::string path(fhir::TypeId& type, int depth, bool& many);
  std::string condition(fhir::TypeId type, int depth);

  const fhir::Model& model_;
  std::mt19937_64 random_;
};

}  // namespace kiln::conformance
