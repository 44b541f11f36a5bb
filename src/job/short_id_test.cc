#include "job/short_id.h"

#include <gtest/gtest.h>

namespace kiln::job {
namespace {

const std::string kId = "0123456789abcdef0123456789abcdef";

std::string shortened(std::string text) {
  shorten_job_ids(text);
  return text;
}

TEST(ShortId, NoWholeIdIsLeft) {
  EXPECT_EQ(short_id({kId}), "01234567");
  EXPECT_EQ(shortened(kId), "01234567");
  EXPECT_EQ(shortened("job=" + kId), "job=01234567");
  EXPECT_EQ(shortened("no /x/" + kId + "/1/" + kId + ".csv!"), "no /x/01234567/1/01234567.csv!");
  EXPECT_EQ(shortened("1764086401000-" + kId), "1764086401000-01234567");
}

TEST(ShortId, OtherTextsStay) {
  for (const std::string& text : {std::string(), std::string("bytes=100 id=692901aa-1"), kId + kId,
                                  kId.substr(1), "f" + kId}) {
    EXPECT_EQ(shortened(text), text);
  }
}

}  // namespace
}  // namespace kiln::job
