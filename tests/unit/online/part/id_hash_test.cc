// SPDX-License-Identifier: Apache-2.0
#include "online/part/id_hash.h"

#include <gtest/gtest.h>

#include <string>

namespace freshet::online {
namespace {

constexpr Owner::Kind kUser = Owner::Kind::user;
constexpr Owner::Kind kSession = Owner::Kind::session;

TEST(IdHash, TellsUsersSessionsAndEventsApart) {
  const IdHash ids;
  EXPECT_NE(ids.owner(kUser, "a"), ids.owner(kSession, "a"));
  EXPECT_NE(ids.owner(kUser, "a"), ids.owner(kUser, "b"));
  EXPECT_NE(ids.owner(kUser, "a"), OwnerKey{ids.event("a")});
  EXPECT_NE(ids.owner(kSession, "a"), OwnerKey{ids.event("a")});
  EXPECT_NE(ids.owner(kUser, ""), kNobody);
  EXPECT_EQ(ids.user("a"), ids.owner(kUser, "a"));
  EXPECT_EQ(ids.user(""), kNobody);
}

// The pair that models of 0.1.0 take for one owner.
TEST(IdHash, TellsTheUserP0FromTheSessionS0) {
  EXPECT_EQ(IdHash::without_key().owner(kUser, "p0"), IdHash::without_key().owner(kSession, "s0"));
  EXPECT_NE(IdHash{}.owner(kUser, "p0"), IdHash{}.owner(kSession, "s0"));
}

TEST(IdHash, DependsOnItsKey) {
  const IdHash fixed, other(SipKey{1, 2});
  EXPECT_EQ(fixed, IdHash{});
  EXPECT_NE(fixed.user("a"), other.user("a"));
  EXPECT_NE(fixed.event("a"), other.event("a"));
  EXPECT_FALSE(IdHash::random() == IdHash::random());
}

// Checkpoints contain these: a change makes everybody a stranger to their own model.
TEST(IdHash, IsTheSameInEveryVersion) {
  EXPECT_EQ(IdHash{}.user("u1"), OwnerKey{0xD66DFDC35D563B12});
  EXPECT_EQ(IdHash{}.owner(kSession, "u1"), OwnerKey{0xA37F3E04BED78079});
  EXPECT_EQ(IdHash{}.event("u1"), 0x4323CD57AC77DEA7);
  EXPECT_EQ(IdHash::without_key().user("u1"), OwnerKey{0xB85A5B3A387E549F});
  EXPECT_EQ(IdHash::without_key().owner(kSession, "u1"), OwnerKey{0xC069F3B9F06680F7});
  EXPECT_EQ(IdHash::without_key().event("u1"), 0xB85A5B3A387E549F);
}

TEST(IdHash, SavesItsKeyOrThatItHasNone) {
  for (const IdHash& ids : {IdHash::random(), IdHash::without_key()}) {
    std::string bytes;
    ByteWriter out(bytes);
    ids.save(out);
    IdHash loaded;
    ByteReader in(bytes);
    loaded.load(in);
    EXPECT_TRUE(in.ok() && in.at_end());
    EXPECT_EQ(loaded, ids);
  }
}

}  // namespace
}  // namespace freshet::online
