#include "fhirpath/reference.h"

#include <gtest/gtest.h>

namespace kiln::fhirpath {
namespace {

struct Case {
  const char* reference;
  const char* type;
  const char* key;
};

TEST(ReferenceTest, KeyIsTheIdOfAReferenceToAnAskedType) {
  const Case cases[] = {
      {"Patient/1", "", "1"},
      {"Patient/1", "Patient", "1"},
      {"Patient/1", "Group", ""},
      {"http://server/fhir/Patient/1", "Patient", "1"},
      {"http://server/under_score/Patient/1", "Patient", "1"},
      {"Patient/1/_history/2", "Patient", "1"},
      {"http://server/Patient/1/_history/2", "Patient", "1"},
      {"Patient/a_b", "Patient", "a_b"},
      {"Patient/1?x=/y", "Patient", "1"},
      {"Patient/1#part/of", "Patient", "1"},
      {"Patient/1|2", "Patient", "1"},
      {"urn:uuid:7b0e", "Patient", "7b0e"},
      {"#contained", "", ""},
      {"", "", ""},
      {"Patient", "", ""},
      {"/1", "", ""},
      {"patient/1", "", ""},
      {"a_b", "", ""},
      {"/_history/", "", ""},
  };
  for (const Case& one : cases) {
    EXPECT_EQ(reference_key(one.reference, one.type), one.key) << one.reference;
  }
}

}  // namespace
}  // namespace kiln::fhirpath
