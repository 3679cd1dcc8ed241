// SPDX-License-Identifier: Apache-2.0
#include "base/pseudonyms.h"

#include <gtest/gtest.h>

#include <set>

namespace freshet {
namespace {

const Owner kUser{Owner::Kind::user, "u1"}, kSession{Owner::Kind::session, "u1"};

TEST(Pseudonyms, WithoutAKeyIdsStayAsTheyAre) {
  for (const Pseudonyms& none : {Pseudonyms(), Pseudonyms("")}) {
    EXPECT_FALSE(none.in_use());
    EXPECT_EQ(none.of(kUser), kUser);
    Event event;
    event.user = "u1";
    none.replace_in(event);
    EXPECT_EQ(event.user, "u1");
    EXPECT_EQ(none.fingerprint(), "");
  }
}

TEST(Pseudonyms, AreTheSameForAnIdAndAKeyAndForNothingElse) {
  const Pseudonyms pseudonyms("a key of the operator"), again("a key of the operator"), other("another key than that");
  EXPECT_EQ(pseudonyms.of(kUser), again.of(kUser));
  const std::set<std::string> all{pseudonyms.of(kUser).id,  pseudonyms.of(kSession).id,
                                  other.of(kUser).id,       pseudonyms.of(Owner::Kind::user, "u2"),
                                  pseudonyms.fingerprint(), other.fingerprint()};
  EXPECT_EQ(all.size(), 6U);
  for (const std::string& text : all) EXPECT_EQ(text.size(), 32U);
  EXPECT_EQ(pseudonyms.of(kSession).kind, Owner::Kind::session);
}

TEST(Pseudonyms, ReplaceUserAndSessionOfAnEventAndLeaveNobodyNobody) {
  const Pseudonyms pseudonyms("a key of the operator");
  Event event;
  event.session = event.item = "u1";
  pseudonyms.replace_in(event);
  EXPECT_EQ(event.session, pseudonyms.of(kSession).id);
  EXPECT_EQ(event.user, "");
  EXPECT_EQ(event.item, "u1");
}

}  // namespace
}  // namespace freshet
