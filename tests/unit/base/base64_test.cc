// SPDX-License-Identifier: Apache-2.0
#include "base/base64.h"

#include <gtest/gtest.h>

#include <string>

namespace freshet {
namespace {

TEST(Base64, DecodesTheVectorsOfRfc4648WithPaddingAndWithout) {
  const std::pair<std::string, std::string> vectors[] = {{"", ""},
                                                         {"f", "Zg=="},
                                                         {"fo", "Zm8="},
                                                         {"foo", "Zm9v"},
                                                         {"foob", "Zm9vYg=="},
                                                         {"fooba", "Zm9vYmE="},
                                                         {"foobar", "Zm9vYmFy"}};
  for (const auto& [bytes, text] : vectors) {
    EXPECT_EQ(from_base64(text), bytes);
    EXPECT_EQ(from_base64(text.substr(0, text.find('='))), bytes);
  }
  EXPECT_EQ(from_base64("+/-_"), from_base64("-_+/")) << "both alphabets";
}

TEST(Base64, NothingElseIsBase64) {
  for (const char* text :
       {"Z", "Zg=", "Zg===", "Zm8==", "=", "====", "Z=g=", "Zm 9", "Zm9v\n", "Zm9\xE9", "Zm9vYg==Zg=="}) {
    EXPECT_FALSE(from_base64(text)) << text;
  }
}

}  // namespace
}  // namespace freshet
