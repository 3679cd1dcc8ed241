// SPDX-License-Identifier: Apache-2.0
#include "app/config.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <tuple>

#include "app/config_schema.h"
#include "base/random.h"
#include "online/parts/covisitation.h"
#include "online/parts/matrix_factorization.h"
#include "online/parts/popularity.h"
#include "tests/support/temp_directory.h"
#include "tests/support/test_seed.h"

namespace freshet::app {
namespace {

namespace fs = std::filesystem;

class ConfigTest : public ::testing::Test {
 protected:
  std::vector<std::string> problems(const std::string& toml) {
    const std::string path = dir_.path() + "/test.toml";
    std::ofstream(path) << toml;
    std::vector<std::string> lines;
    config_ = {};
    for (const ConfigProblem& problem : load_config(path, overrides_, config_)) {
      std::string line = to_string(problem);
      if (const std::size_t at = line.find(dir_.path()); at != std::string::npos)
        line.erase(at, dir_.path().size() + 1);
      lines.push_back(line);
    }
    return lines;
  }

  std::vector<std::string> warnings() const {
    std::vector<std::string> lines;
    for (const ConfigProblem& warning : config_.warnings) {
      lines.push_back(to_string(warning).substr(dir_.path().size() + 1));
    }
    return lines;
  }

  testing::TempDirectory dir_;
  ConfigOverrides overrides_;
  Config config_;
};

using Lines = std::vector<std::string>;

/// A printed configuration as NAME=VALUE, by the rule of docs/config.md.
Lines variables(const std::string& printed) {
  Lines result;
  std::string section;
  std::istringstream lines(printed);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with('[')) section = line.substr(1, line.find(']') - 1);
    const std::size_t equals = line.find(" = ");
    if (equals == std::string::npos) continue;
    std::string name = "FRESHET_" + section + "_" + line.substr(0, equals), value = line.substr(equals + 3);
    for (char& c : name) c = c == '.' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    if (value.starts_with('\'') || value.starts_with('"')) value = value.substr(1, value.size() - 2);
    result.push_back(name + "=" + value);
  }
  return result;
}

TEST_F(ConfigTest, EveryProblemIsReportedWithFileLineAndKey) {
  EXPECT_EQ(problems("[serve]\nprot = 1\nport = 99999\nthreads = \"two\"\n[online]\nsession_gap = \"30 min\"\n"
                     "[nonsense]\nx = 1\n"),
            (Lines{"test.toml:2: serve.prot: unknown key; did you mean serve.port?",
                   "test.toml:3: serve.port: expected an integer 0 to 65535",
                   "test.toml:4: serve.threads: expected integer 1 to 256",
                   "test.toml:6: online.session_gap: expected a duration 0s to 365d, such as \"30s\"",
                   "test.toml:7: nonsense: unknown key"}));
}

TEST_F(ConfigTest, BrokenTomlNamesTheLine) {
  const Lines lines = problems("[serve]\nport = \n");
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_TRUE(lines[0].starts_with("test.toml:2: ")) << lines[0];
}

TEST_F(ConfigTest, ModulesJudgeWhatBelongsTogether) {
  EXPECT_EQ(problems("[serve]\naddress = \"0.0.0.0\"\n").size(), 1U);
  EXPECT_EQ(problems("[serve]\naddress = \"0.0.0.0\"\nallow_public = true\n"), Lines{});
  EXPECT_EQ(problems("[online.lstm]\ndimension = 20\n"),
            Lines{"test.toml:2: online.lstm.dimension: expected an integer 16 to 1024, a multiple of 16"});
  EXPECT_EQ(problems("[kafka.properties]\n\"fetch.wait.max.ms\" = \"1\"\nacks = \"1\"\n[serve]\nport = -1\n"),
            (Lines{"test.toml:1: kafka.properties.acks: is set by freshet itself",
                   "test.toml:5: serve.port: expected an integer 0 to 65535"}));
}

/// A variable of the environment while it lives.
class Variable {
 public:
  Variable(const char* name, const char* value) : name_(name) { setenv(name, value, 1); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;
  ~Variable() { unsetenv(name_); }

 private:
  const char* name_;
};

TEST_F(ConfigTest, AProblemNamesTheVariableThatTheValueIsFrom) {
  const Variable brokers("FRESHET_KAFKA_BROKERS", ""), threads("FRESHET_SERVE_THREADS", "many"),
      gap("FRESHET_ONLINE_SESSION_GAP", "30 min"), directory("FRESHET_DATA", "");
  EXPECT_EQ(problems("[kafka]\nbrokers = \"b:1\"\n[serve]\nport = -1\n"),
            (Lines{"test.toml:4: serve.port: expected an integer 0 to 65535",
                   "FRESHET_ONLINE_SESSION_GAP: online.session_gap: expected a duration 0s to 365d, such as \"30s\"",
                   "FRESHET_SERVE_THREADS: serve.threads: expected integer 1 to 256",
                   "FRESHET_KAFKA_BROKERS: kafka.brokers: must not be empty",
                   "FRESHET_DATA: store.directory: must not be empty"}));
}

TEST_F(ConfigTest, TheEnvironmentAndTheCommandLineReplaceWhatTheFileLeavesEmpty) {
  const Variable brokers("FRESHET_KAFKA_BROKERS", "host:9092"), directory("FRESHET_STORE_DIRECTORY", "");
  overrides_.data = "/tmp/somewhere";
  EXPECT_EQ(problems("[kafka]\nbrokers = \"\"\n[store]\ndirectory = \"\"\n"), Lines{});
  EXPECT_EQ(config_.kafka.brokers, "host:9092");
  EXPECT_EQ(config_.store.directory, "/tmp/somewhere");
}

TEST_F(ConfigTest, AVariableOfNoSectionIsNotJudged) {
  const Variable key("FRESHET_API_KEY", "secret");
  EXPECT_EQ(problems(""), Lines{});
}

TEST_F(ConfigTest, EveryOptionCanComeFromTheEnvironment) {
  const std::string defaults = print_config(Config{});
  std::set<std::string> names;
  for (const std::string& line : variables(defaults)) {
    const std::size_t equals = line.find('=');
    ASSERT_TRUE(names.insert(line.substr(0, equals)).second) << line;
    setenv(line.substr(0, equals).c_str(), line.substr(equals + 1).c_str(), 1);
  }
  const Variable values("FRESHET_VALUE", "{}");  // a section that is one option, printed by its entries: none
  names.insert("FRESHET_VALUE");
  EXPECT_EQ(names.size(), config_schema().size());
  EXPECT_EQ(problems(""), Lines{});
  EXPECT_EQ(print_config(config_), defaults);
  for (const std::string& name : names) unsetenv(name.c_str());
}

TEST_F(ConfigTest, TheEnvironmentOverridesTheFileAndIsWrittenLikeIt) {
  const Variable address("FRESHET_SERVE_ADDRESS", "0.0.0.0"), open("FRESHET_SERVE_ALLOW_PUBLIC", "true"),
      hosts("FRESHET_SERVE_HOSTS", "[\"shop\", \"cart\"]"), port("FRESHET_SERVE_PORT", "9000"),
      secret("FRESHET_TEST_SECRET", "hunter2"),
      properties("FRESHET_KAFKA_PROPERTIES", "{ \"sasl.password\" = \"$env:FRESHET_TEST_SECRET\" }");
  EXPECT_EQ(problems("[serve]\nport = 1\nallow_public = false\nhosts = [\"other\"]\n"), Lines{});
  EXPECT_EQ(config_.serve.address, "0.0.0.0");
  EXPECT_EQ(config_.serve.port, 9000);
  EXPECT_EQ(config_.serve.hosts, (Lines{"shop", "cart"}));
  EXPECT_EQ(config_.kafka.properties.at("sasl.password"), "hunter2");
  EXPECT_EQ(print_config(config_).find("hunter2"), std::string::npos);
}

TEST_F(ConfigTest, AVariableThatBeginsLikeASectionMustNameAnOption) {
  const Variable mistyped("FRESHET_SERVE_KEYS_FIEL", "/etc/freshet/keys"), other("FRESHET_TEST_SECRET", "x"),
      two("FRESHET_SERVE_PORT", "1\nother = 2");
  EXPECT_EQ(problems(""), (Lines{"FRESHET_SERVE_PORT: serve.port: expected integer 0 to 65535",
                                 "FRESHET_SERVE_KEYS_FIEL: names no option; did you mean FRESHET_SERVE_KEYS_FILE?"}));
}

TEST_F(ConfigTest, AnAddressToListenOnSaysWhatIsWrongWithIt) {
  for (const auto& [text, address, port] : std::vector<std::tuple<std::string, std::string, int>>{
           {"127.0.0.1:0", "127.0.0.1", 0}, {"localhost:8080", "localhost", 8080}, {"[::1]:65535", "::1", 65535}}) {
    overrides_.listen = text;
    EXPECT_EQ(problems(""), Lines{}) << text;
    EXPECT_EQ(config_.serve.address, address);
    EXPECT_EQ(config_.serve.port, port);
  }
  for (const auto& [text, problem] : std::map<std::string, std::string>{
           {"8080", "\"8080\" has no port: expected HOST:PORT, such as localhost:8080"},
           {":8080", "\":8080\" has no host: expected HOST:PORT; all addresses of IPv4 are 0.0.0.0"},
           {"::1:8080", "\"::1:8080\": an IPv6 address is written in brackets: [::1]:8080"},
           {"localhost:http", "\"http\" is not a port: expected 0 to 65535"},
           {"localhost:65536", "\"65536\" is not a port: expected 0 to 65535"}}) {
    overrides_.listen = text;
    EXPECT_EQ(problems(""), Lines{"--listen: " + problem});
  }
  overrides_.listen = "shop.internal:8080";
  EXPECT_TRUE(problems("").at(0).starts_with("--listen: serve.address: shop.internal can be reached"));
}

TEST_F(ConfigTest, AnEntryThatIsRefusedHidesNoOther) {
  EXPECT_EQ(problems("[kafka]\ntopic = \"bad name\"\ndead_letter_topic = \"freshet-events\"\n").size(), 1U);
  const Lines lines = problems("[kafka.properties]\nacks = \"1\"\n\"sasl.password\" = \"plain\"\n");
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_NE((lines[0] + lines[1]).find("acks"), std::string::npos);
  EXPECT_NE((lines[0] + lines[1]).find("sasl.password: is a secret"), std::string::npos);
}

TEST_F(ConfigTest, ADirectoryIsNoConfiguration) {
  EXPECT_EQ(to_string(load_config(dir_.path(), {}, config_).at(0)), dir_.path() + ": is a directory");
}

TEST_F(ConfigTest, AMistypedSectionAndAFineDurationSayWhatWasMeant) {
  EXPECT_EQ(problems("[onlin.blender]\nhidden_units = 16\n[store]\nmax_event_age = \"90m\"\n"),
            (Lines{"test.toml:1: onlin: unknown key; did you mean online?",
                   "test.toml:4: store.max_event_age: expected whole hours"}));
}

TEST_F(ConfigTest, ValuesArriveWhereTheyBelong) {
  ASSERT_EQ(
      problems("[log]\nkind = \"kafka\"\n[kafka]\nbrokers = \"b:1\"\n[kafka.properties]\n\"sasl.username\" = \"me\"\n"
               "[store]\nblock_cache_bytes = \"64MiB\"\nmax_event_age = \"2d\"\n[online.type_weights]\nview = 1\n"
               "cart = 2.5\n[online.popularity]\nhalf_life_hours = [1, 2.5]\n"),
      Lines{});
  EXPECT_EQ(config_.log_kind, LogKind::kafka);
  EXPECT_EQ(config_.kafka.brokers, "b:1");
  EXPECT_EQ(config_.kafka.properties.at("sasl.username"), "me");
  EXPECT_EQ(config_.store.block_cache_bytes, std::size_t{64} << 20);
  EXPECT_EQ(config_.store.max_event_age, std::chrono::hours(48));
  EXPECT_EQ(config_.online.type_weights.at("cart"), 2.5);
  EXPECT_EQ(config_.online.part<online::PopularityOptions>().half_life_hours, (std::vector<double>{1, 2.5}));
}

TEST_F(ConfigTest, AWeightLeavesThoseOfOtherTypesAsTheyAre) {
  const auto defaults = Config{}.online.type_weights;
  ASSERT_EQ(problems("[online.type_weights]\nshare = 2.0\n"), Lines{});
  EXPECT_EQ(config_.online.weight_of("share"), 2);
  config_.online.type_weights.erase("share");
  EXPECT_EQ(config_.online.type_weights, defaults);

  ASSERT_EQ(problems("[online]\ntype_weights = {view = 0, '*' = 0}\n"), Lines{});
  for (const char* type : {"view", "impression", "never named"}) EXPECT_EQ(config_.online.weight_of(type), 0) << type;
  EXPECT_EQ(config_.online.weight_of("purchase"), defaults.at("purchase"));
  const auto effective = config_.online.type_weights;
  ASSERT_EQ(problems(print_config(config_)), Lines{});
  EXPECT_EQ(config_.online.type_weights, effective);

  EXPECT_EQ(problems("[online.type_weights]\nshare = -2\n"),
            Lines{"test.toml:1: online.type_weights.share: must be 0 (not learned) to 1000"});
}

TEST_F(ConfigTest, SpellingsOfTypesAreAddedToTheCommonOnes) {
  ASSERT_EQ(problems("[online.type_aliases]\nadd2cart = 'cart'\nbuy = 'buy'\n"), Lines{});
  EXPECT_EQ(config_.online.type_of("add2cart"), "cart");
  EXPECT_EQ(config_.online.type_of("transaction"), "purchase");
  EXPECT_EQ(config_.online.type_of("buy"), "buy");
  EXPECT_NE(print_config(config_).find("'add2cart' = 'cart'"), std::string::npos);
  EXPECT_EQ(problems("[online.type_aliases]\nx = ''\n"),
            Lines{"test.toml:1: online.type_aliases.x: \"\" cannot be an event type"});
}

TEST_F(ConfigTest, ValuesAreASectionOfTheirOwn) {
  ASSERT_EQ(problems("[value]\npurchase = 10\ndislike = -2.5\n"), Lines{});
  EXPECT_EQ(config_.online.values, (online::Values{{"purchase", 10}, {"dislike", -2.5}}));
  EXPECT_NE(print_config(config_).find("[value]\n'dislike' = -2.5\n'purchase' = 10.0\n"), std::string::npos);
  ASSERT_EQ(problems(print_config(config_)), Lines{});
  EXPECT_EQ(config_.online.values.size(), 2U);
  EXPECT_EQ(
      problems("[value]\npurchas = 10\nview = inf\n"),
      (Lines{"test.toml:1: value.purchas: is none of online.blender.actions: view, cart, purchase, like, dislike, "
             "refund, remove_from_cart, dwell",
             "test.toml:1: value.view: expected a number from -1000000 to 1000000"}));
  EXPECT_EQ(problems("[value]\ncart = nan\n"),
            Lines{"test.toml:1: value.cart: expected a number from -1000000 to 1000000"});
  EXPECT_EQ(problems("value = 3\n"), Lines{"test.toml:1: value: expected table of numbers -1000000 to 1000000"});
  EXPECT_EQ(problems("[online.blender]\nactions = ['view', 'play', 'view']\n"),
            (Lines{"test.toml:2: online.blender.actions: \"view\" is named twice",
                   "test.toml:2: online.blender.actions: \"play\" is not named by online.type_weights"}));
}

TEST_F(ConfigTest, SecretsComeFromEnvironmentOrFileAndAreNotPrinted) {
  setenv("FRESHET_TEST_SECRET", "from-environment", 1);
  std::ofstream(dir_.path() + "/secret") << "from-file\n";
  ASSERT_EQ(
      problems("[kafka.properties]\n\"sasl.password\" = \"$env:FRESHET_TEST_SECRET\"\n\"ssl.key.password\" = \"$file:" +
               dir_.path() + "/secret\"\n"),
      Lines{});
  EXPECT_EQ(config_.kafka.properties.at("sasl.password"), "from-environment");
  EXPECT_EQ(config_.kafka.properties.at("ssl.key.password"), "from-file");
  const std::string printed = print_config(config_);
  EXPECT_EQ(printed.find("from-environment"), std::string::npos);
  EXPECT_EQ(printed.find("from-file"), std::string::npos);
  EXPECT_EQ(problems(printed), Lines{});
  EXPECT_EQ(config_.kafka.properties.at("sasl.password"), "from-environment");
  EXPECT_EQ(problems("[kafka.properties]\n\"sasl.password\" = \"$env:FRESHET_TEST_ABSENT\"\n"),
            Lines{"kafka.properties.sasl.password: the environment has no FRESHET_TEST_ABSENT"});
}

TEST_F(ConfigTest, ASecretInTheFileItselfIsRefusedAndNotRepeated) {
  EXPECT_EQ(problems("[kafka.properties]\n\"sasl.password\" = \"hunter2\"\n[serve.audit]\nhash_key = \"hunter2\"\n"
                     "[store]\npseudonym_key = \"hunter2 and then some\"\n"),
            (Lines{"kafka.properties.sasl.password: is a secret: give \"$env:NAME\" or \"$file:PATH\" instead",
                   "store.pseudonym_key: is a secret: give \"$env:NAME\" or \"$file:PATH\" instead",
                   "serve.audit.hash_key: is a secret: give \"$env:NAME\" or \"$file:PATH\" instead"}));
}

TEST_F(ConfigTest, FormerNamesAreReadWithOneWarningEach) {
  ASSERT_EQ(problems("[online]\nparts = [\"popularity\", \"matrix_factorisation\"]\n"
                     "[online.matrix_factorisation]\ndimension = 16\nmax_users = 50_000\n"
                     "[online.covisitation]\nmax_neighbours = 20\n"),
            Lines{});
  EXPECT_EQ(
      warnings(),
      (Lines{"test.toml:2: online.parts: \"matrix_factorisation\" is now called \"matrix_factorization\"",
             "test.toml:3: online.matrix_factorisation: is now called online.matrix_factorization",
             "test.toml:7: online.covisitation.max_neighbours: is now called online.covisitation.max_neighbors"}));
  EXPECT_EQ(config_.online.parts, (Lines{"popularity", "matrix_factorization"}));
  EXPECT_EQ(config_.online.part<online::MatrixFactorizationOptions>().dimension, 16U);
  EXPECT_EQ(config_.online.part<online::CovisitationOptions>().max_neighbors, 20U);
  const std::string printed = print_config(config_);
  ASSERT_EQ(problems(printed), Lines{});
  EXPECT_EQ(warnings(), Lines{});
  EXPECT_EQ(print_config(config_), printed);
}

TEST_F(ConfigTest, AnOptionUnderBothItsNamesIsRefused) {
  EXPECT_EQ(
      problems("[online.user_cf]\nneighbours = 20\nneighbors = 20\n[online.matrix_factorisation]\ndimension = 16\n"
               "[online.matrix_factorization]\nmax_users = 50_000\n"),
      (Lines{
          "test.toml:2: online.user_cf.neighbours: is now called online.user_cf.neighbors, which is given too",
          "test.toml:4: online.matrix_factorisation: is now called online.matrix_factorization, which is given too"}));
}

TEST_F(ConfigTest, RangesHoldHoweverAValueIsGiven) {
  for (const ConfigOption& option : config_schema()) {
    const Config defaults;
    EXPECT_EQ(option.check(defaults), OptionProblems{}) << option.key;
    Config config;
    EXPECT_EQ(option.set(config, option.get(defaults)), OptionProblems{}) << option.key;
  }
  EXPECT_EQ(problems("[embedded]\nmax_queued_bytes = \"32GiB\"\nretention = \"3651d\"\n[writer]\n"
                     "batch_records = 100_001\n[events]\nmax_future_skew = \"366d\"\n"),
            (Lines{"test.toml:3: embedded.retention: expected a duration 0s to 3650d, such as \"30s\"",
                   "test.toml:5: writer.batch_records: expected an integer 1 to 100000",
                   "test.toml:7: events.max_future_skew: expected a duration 0s to 365d, such as \"30s\""}));
}

TEST_F(ConfigTest, WhatIsPrintedReadsBackToTheSame) {
  Config defaults;
  const std::string printed = print_config(defaults);
  ASSERT_EQ(problems(printed), Lines{});
  EXPECT_EQ(print_config(config_), printed);
}

TEST_F(ConfigTest, AKeyWithALineBreakReadsBackToo) {
  ASSERT_EQ(problems("[kafka.properties]\n\"a\\nkey\" = \"two\\nlines\"\n"), Lines{});
  const std::string printed = print_config(config_);
  ASSERT_EQ(problems(printed), Lines{}) << printed;
  EXPECT_EQ(config_.kafka.properties, (std::map<std::string, std::string>{{"a\nkey", "two\nlines"}}));
}

TEST_F(ConfigTest, EveryOptionIsDocumentedOnce) {
  std::set<std::string> keys;
  for (const ConfigOption& option : config_schema()) {
    EXPECT_TRUE(keys.insert(option.key).second) << option.key;
    EXPECT_TRUE(option.help.ends_with('.')) << option.key;
  }
}

std::string committed(const char* path) {
  std::ifstream in(fs::path(FRESHET_SOURCE_DIR) / path);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

TEST_F(ConfigTest, TheReferenceIsUpToDate) {
  EXPECT_EQ(committed("docs/config.md"), config_reference()) << "run: freshet config reference > docs/config.md";
}

TEST_F(ConfigTest, TheExampleIsUpToDate) {
  EXPECT_EQ(committed("configs/freshet.toml"), config_example())
      << "run: freshet config example > configs/freshet.toml";
}

TEST_F(ConfigTest, TheShippedFilesAreFine) {
  for (const char* name : {"freshet.toml", "kafka.toml", "dev.toml", "small.toml"}) {
    Config config;
    EXPECT_TRUE(load_config((fs::path(FRESHET_SOURCE_DIR) / "configs" / name).string(), {}, config).empty()) << name;
    EXPECT_TRUE(config.warnings.empty()) << name;
  }
}

TEST_F(ConfigTest, AnyBytesAreAConfigurationOrAProblem) {
  Random random(testing::test_seed(1));
  const std::string good = print_config(Config{});
  for (int i = 0; i < 300; ++i) {
    std::string text = good;
    for (int n = 0; n < 5; ++n) text[random.below(text.size())] = static_cast<char>(random.next());
    text.resize(random.below(text.size()));
    problems(text);
  }
}

}  // namespace
}  // namespace freshet::app
