// SPDX-License-Identifier: Apache-2.0
#include "app/config_files.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "tests/support/temp_directory.h"

namespace freshet::app {
namespace {

class ConfigFilesTest : public ::testing::Test {
 protected:
  ConfigFilesTest() { config_.store.directory = path("not/made/yet"); }

  std::string path(const std::string& name) const { return dir_.path() + "/" + name; }

  std::string file(const std::string& name, const std::string& text) const {
    std::ofstream(path(name)) << text;
    return path(name);
  }

  std::vector<std::string> problems() const {
    std::vector<std::string> lines;
    for (const ConfigProblem& problem : check_files(config_)) lines.push_back(to_string(problem));
    return lines;
  }

  testing::TempDirectory dir_;
  Config config_;
};

using Lines = std::vector<std::string>;

TEST_F(ConfigFilesTest, WhatWillBeMadeNeedNotBeThereAndIsNotMade) {
  config_.serve.audit.file = path("log/audit");
  EXPECT_EQ(problems(), Lines{});
  EXPECT_TRUE(std::filesystem::is_empty(dir_.path()));
}

TEST_F(ConfigFilesTest, EveryFileThatCannotBeUsedIsNamedWithItsKey) {
  const std::string text = file("text", "not a key\n");
  config_.store.directory = text + "/data";
  config_.serve.keys_file = path("absent.keys");
  config_.serve.tls.certificate = text;
  config_.serve.tls.key = path("absent.pem");
  config_.serve.audit.file = dir_.path();
  config_.kafka.properties = {{"ssl.ca.location", path("absent.ca")}, {"sasl.kerberos.keytab", path("absent.keytab")}};
  const Lines lines = problems();
  ASSERT_EQ(lines.size(), 6U);
  EXPECT_EQ(lines[0], "store.directory: " + text + " is not a directory");
  EXPECT_EQ(lines[1], "serve.audit.file: " + dir_.path() + " is a directory");
  EXPECT_EQ(lines[2], "kafka.properties.sasl.kerberos.keytab: " + path("absent.keytab") +
                          " cannot be read: No such file or directory");
  EXPECT_EQ(lines[3],
            "kafka.properties.ssl.ca.location: " + path("absent.ca") + " cannot be read: No such file or directory");
  EXPECT_EQ(lines[4], "serve.keys_file: " + path("absent.keys") + " cannot be read: No such file or directory");
  EXPECT_TRUE(lines[5].starts_with("serve.tls.certificate: " + text + " cannot be used: ")) << lines[5];
}

TEST_F(ConfigFilesTest, FilesAreJudgedByWhatIsInThem) {
  config_.serve.keys_file = file("keys", "# the shop\nshop read\n");
  config_.kafka.properties = {{"ssl.ca.location", "probe"}, {"client.id", path("absent")}};
  EXPECT_EQ(problems(),
            Lines{"serve.keys_file: " + path("keys") + ": line 2: expected NAME SCOPES RATE sha256:DIGEST"});
}

}  // namespace
}  // namespace freshet::app
