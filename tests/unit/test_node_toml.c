// SPDX-License-Identifier: GPL-2.0-only
/* The TOML reader, containerd's configuration with its imports, and what is taken out of it. */
#include "test_node.h"

/* Everything delivered, one line each: path = "text" */
struct dump {
	char text[8192];
	size_t len;
	int stop_after;
};

static int dump_item(void *ctx, const struct node_toml_item *item)
{
	struct dump *d = ctx;
	size_t i;

	for (i = 0; i < item->depth; i++)
		d->len += (size_t)snprintf(d->text + d->len, sizeof(d->text) - d->len, "%s%s", i ? "|" : "",
					   item->path[i]);
	d->len += (size_t)snprintf(d->text + d->len, sizeof(d->text) - d->len, "%s%s\n",
				   item->type == NODE_TOML_STRING ? "=s:"
				   : item->type == NODE_TOML_BARE ? "=b:"
								  : "#",
				   item->text);
	if (d->stop_after && !--d->stop_after)
		return 42;
	return 0;
}

static const char *dump(const char *doc, int want, size_t want_error)
{
	static struct dump d;
	size_t error_at;

	memset(&d, 0, sizeof(d));
	assert_int_equal(node_toml_read(doc, strlen(doc), dump_item, &d, &error_at), want);
	if (want)
		assert_int_equal(error_at, want_error);
	return d.text;
}

static void test_values(void **state)
{
	(void)state;
	assert_string_equal(dump("a = 1\nb=true # why\n c . \"d.e\".f = -1.5e3\n", 0, 0),
			    "a=b:1\nb=b:true\n# why\nc|d.e|f=b:-1.5e3\n");
	assert_string_equal(
		dump("[x]\ny='a\\b'\n[x.\"q r\".'s']\nz = \"\\t\\u00e9\\U0001F600\\\"\\x41\"", 0, 0),
		"x|y=s:a\\b\nx|q r|s|z=s:\t\xc3\xa9\xf0\x9f\x98\x80\"A\n");
	assert_string_equal(
		dump("a = [ 'x', # one\n [\"y\", 2],\n]\r\n[[t]]\nk={a='1', b . c = [3], }\n", 0, 0),
		"a=s:x\n# one\na=s:y\na=b:2\nt|k|a=s:1\nt|k|b|c=b:3\n");
	assert_string_equal(
		dump("a = \"\"\"\n\"two\"\" \\\n   \n  joined\"\"\"\"\"\nb = '''x\n''y'''\n", 0, 0),
		"a=s:\"two\"\" joined\"\"\nb=s:x\n''y\n");
	assert_string_equal(dump("d = 1979-05-27 07:32:00Z\ne=1979-05-27 # x\n", 0, 0),
			    "d=b:1979-05-27 07:32:00Z\ne=b:1979-05-27\n# x\n");
	assert_string_equal(dump("\xef\xbb\xbf"
				 "a=1",
				 0, 0),
			    "a=b:1\n");
	assert_string_equal(dump("", 0, 0), "");
}

static void test_not_toml(void **state)
{
	static const char *const bad[] = {
		"a",
		"a =",
		"a = \"x",
		"a = \"\"\"x",
		"a = 'x\n'",
		"a = [1",
		"a = {b=1",
		"a = 1 2",
		"[a",
		"[a]]",
		"[[a]",
		"[]",
		"= 1",
		"a. = 1",
		"a = \"\\q\"",
		"a = \"\\uD800\"",
		"a = \"\\U00110000\"",
		"a = \"\\u12\"",
		"a = [1 2]",
		"a = {1}",
		"a = $",
		"a = \"\"\"\\ x\"\"\"",
	};
	char deep[256], doc[64];
	size_t i, error_at;
	struct dump d;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		/* The line before is delivered, and the error lies at the statement, not in it. */
		snprintf(doc, sizeof(doc), "ok = 1\n%s\n", bad[i]);
		if (strncmp(dump(doc, -EINVAL, 7), "ok=b:1\n", 7) != 0)
			fail_msg("%s", bad[i]);
	}
	memset(deep, '[', sizeof(deep));
	memcpy(deep, "a = ", 4);
	memset(&d, 0, sizeof(d));
	assert_int_equal(node_toml_read(deep, sizeof(deep), dump_item, &d, &error_at), -EINVAL);
	/* A NUL is no part of a text. */
	assert_int_equal(node_toml_read("a = 1\nb\0= 2\n", 12, dump_item, &d, &error_at), -EINVAL);
	assert_int_equal(error_at, 6);
	assert_int_equal(node_toml_read("a = 1 # \0\n", 10, dump_item, &d, &error_at), -EINVAL);
	assert_int_equal(error_at, 0);
}

static void test_stop(void **state)
{
	const char *doc = "a = 1\nb = 2\nc = 3\n";
	struct dump d = { .stop_after = 2 };
	size_t error_at;

	(void)state;
	assert_int_equal(node_toml_read(doc, strlen(doc), dump_item, &d, &error_at), 42);
	assert_string_equal(d.text, "a=b:1\nb=b:2\n");
}

/*
 * Does with text, in place, what redacting the environments should do. Returns how many there were.
 */
static int blank_environments(char *text)
{
	char *p = text, *end;
	int n = 0;

	while ((p = strstr(p, " env = ["))) {
		static const char blank[] = "\"<redacted>\"";

		p += strlen(" env = [");
		if (*p == ']')
			continue;
		n++;
		end = strchr(p, ']');
		memmove(p + strlen(blank), end, strlen(end) + 1);
		memcpy(p, blank, strlen(blank));
	}
	return n;
}

static void test_real_configurations_are_read_and_kept(void **state)
{
	static const char *const names[] = { "default-1.6.toml", "default-2.1.toml" };
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		size_t len;
		char *text = data_read(names[i], &len), *redacted;
		struct node_config config;
		char *path = data_path(names[i]);
		int root = node_root_open(0);

		assert_non_null(text);
		assert_int_equal(node_config_load(root, path, &config), 0);
		assert_string_equal(config.grpc_address, "/run/containerd/containerd.sock");
		assert_string_equal(config.state, "/run/containerd");
		assert_string_equal(config.root, "/var/lib/containerd");
		assert_null(config.debug_address);
		assert_null(config.ttrpc_address);
		assert_int_equal(config.version, i ? 3 : 2);
		assert_int_equal(config.n_files, 1);
		assert_int_equal(config.files[0].len, len);
		node_config_free(&config);
		/*
		 * They hold no secrets; only the two environments of stream processors are taken
		 * for some.
		 */
		redacted = node_config_redact(text);
		assert_int_equal(blank_environments(text), 2);
		assert_string_equal(redacted, text);
		free(redacted);
		free(text);
		free(path);
		close(root);
	}
}

static void test_redact(void **state)
{
	size_t len, error_at;
	char *text = data_read("secrets.toml", &len), *out, *again, secret[24];
	struct dump d = { 0 };
	int i;

	(void)state;
	for (i = 1; i <= 25; i++) {
		snprintf(secret, sizeof(secret), "SECRET-%02d", i);
		if (i != 10) /* in base64 */
			assert_non_null(strstr(text, secret));
	}
	assert_non_null(strstr(text, "U0VDUkVULTEw"));
	out = node_config_redact(text);
	assert_non_null(out);
	for (i = 1; i <= 25; i++) {
		snprintf(secret, sizeof(secret), "SECRET-%02d", i);
		if (strstr(out, secret))
			fail_msg("%s is still there", secret);
	}
	assert_null(strstr(out, "U0VDUkVULTEw"));
	assert_null(strstr(out, "1234567"));
	assert_null(strstr(out, "X-Registry-Header = [\"S"));
	/* The rest is as it was. */
	assert_non_null(strstr(out, "  max_container_log_line_size = 262144\n"));
	assert_non_null(strstr(out, "#   max_container_log_line_size = 16384\n"));
	assert_non_null(strstr(out, "\"https://<redacted>@mirror.example.com:5000/v2?a=b@c\"]\n"));
	assert_non_null(strstr(out, "      username = \"<redacted>\"\n      password = \"<redacted>\"\n"));
	assert_non_null(strstr(out, "      ca_file = \"/etc/containerd/ca.pem\"\n"));
	assert_non_null(strstr(out, "      insecure_skip_verify = false\n"));
	assert_non_null(strstr(out, "  empty_password = \"\"\n"));
	assert_non_null(strstr(out, "[plugins.\"io.containerd.grpc.v1.cri\".registry.configs."
				    "\"registry.example.com\".auth]\n"));
	assert_non_null(
		strstr(out, "args = [\"--decryption-keys-path\", \"/etc/containerd/ocicrypt/keys\"]"));
	assert_non_null(strstr(out, "# kept by SECRET-NOT-A-SECRET"));
	assert_non_null(strstr(out, "  last = \"kept\"\n"));
	assert_non_null(strstr(out, "  greeting = \"<redacted>\"\n"));
	/* It is TOML still, and doing it again changes nothing. */
	assert_int_equal(node_toml_read(out, strlen(out), dump_item, &d, &error_at), 0);
	again = node_config_redact(out);
	assert_string_equal(again, out);
	free(again);
	free(out);
	free(text);
}

static void expect_redacted(const char *in, const char *want)
{
	char *out = node_config_redact(in);

	assert_string_equal(out, want);
	free(out);
}

static void test_redact_drops_what_it_cannot_read(void **state)
{
	(void)state;
	expect_redacted("a = 1\nb = 'x\npassword = \"y\"\n",
			"a = 1\n# <redacted>: not valid TOML from line 2 on\n");
	/* The password stands in the very statement that is broken. */
	expect_redacted("k = { password = \"x\", \n", "# <redacted>: not valid TOML from line 1 on\n");
	expect_redacted("", "");
	expect_redacted("# no newline: token=abc", "# no newline: token= <redacted>");
	expect_redacted("password = \"x\"\r\n# secret: y\r\nz = 1\r\n",
			"password = \"<redacted>\"\r\n# secret: <redacted>\r\nz = 1\r\n");
}

static void test_imports(void **state)
{
	struct node_config c;
	char *root = tmp_new();
	int fd;

	(void)state;
	tmp_mkdir(root, "etc/containerd/conf.d/deep");
	tmp_mkdir(root, "opt/b/x");
	tmp_mkdir(root, "opt/a/x");
	tmp_text(root, "etc/containerd/config.toml",
		 "version = 2\nroot = '/r0'\nstate = '/s0'\n"
		 "imports = ['conf.d/*.toml', \"/opt/*/x/c.toml\", '/nowhere.toml', 'config.toml', "
		 "'last.toml']\n"
		 "[grpc]\naddress = '/g0'\n[debug]\naddress='/d0'\n");
	/* In the order of their names; an empty value does not override. */
	tmp_text(root, "etc/containerd/conf.d/20.toml",
		 "state = '/s20'\nroot = ''\n[debug]\naddress = '/d20'\n");
	tmp_text(root, "etc/containerd/conf.d/10.toml",
		 "state = '/s10'\n[debug]\naddress = '/d10'\nlevel='x'\n");
	tmp_text(root, "etc/containerd/conf.d/30.conf", "state = '/wrong'\n");
	/* A directory by such a name is no file. */
	tmp_mkdir(root, "etc/containerd/conf.d/40.toml");
	tmp_text(root, "opt/b/x/c.toml", "[ttrpc]\naddress = '/tb'\n");
	tmp_text(root, "opt/a/x/c.toml", "[ttrpc]\naddress = '/ta'\n");
	/* Imports' own imports come after all others; a circle ends. */
	tmp_text(root, "etc/containerd/last.toml",
		 "imports = ['config.toml', 'deeper.toml']\n[grpc]\naddress = '/g1'\n");
	tmp_text(root, "etc/containerd/deeper.toml", "version = 3\n[grpc]\naddress = '/g2'\n");
	fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(node_config_load(fd, "/etc/containerd/config.toml", &c), 0);
	assert_string_equal(c.root, "/r0");
	assert_string_equal(c.state, "/s20");
	assert_string_equal(c.debug_address, "/d20");
	assert_string_equal(c.ttrpc_address, "/tb");
	assert_string_equal(c.grpc_address, "/g2");
	assert_int_equal(c.version, 3);
	assert_int_equal(c.n_files, 7);
	assert_string_equal(c.files[1].path, "/etc/containerd/conf.d/10.toml");
	assert_string_equal(c.files[2].path, "/etc/containerd/conf.d/20.toml");
	assert_string_equal(c.files[3].path, "/opt/a/x/c.toml");
	assert_string_equal(c.files[4].path, "/opt/b/x/c.toml");
	assert_string_equal(c.files[5].path, "/etc/containerd/last.toml");
	assert_string_equal(c.files[6].path, "/etc/containerd/deeper.toml");
	node_config_free(&c);
	assert_int_equal(node_config_load(fd, "/etc/containerd/none.toml", &c), -ENOENT);
	assert_null(c.files);
	close(fd);
	tmp_free(root);
}

static void test_server_plugins(void **state)
{
	struct node_config c;
	char *root = tmp_new();
	int fd;

	(void)state;
	tmp_text(root, "c.toml",
		 "version = 4\n[plugins.'io.containerd.server.v1.grpc']\naddress = '/g4'\n"
		 "[plugins.\"io.containerd.server.v1.debug\"]\naddress = '/d4'\n[debug]\nlevel = "
		 "'debug'\n"
		 "[plugins.'io.containerd.grpc.v1.cri']\naddress = '/wrong'\n");
	fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(node_config_load(fd, "c.toml", &c), 0);
	assert_string_equal(c.grpc_address, "/g4");
	assert_string_equal(c.debug_address, "/d4");
	assert_null(c.ttrpc_address);
	assert_int_equal(c.version, 4);
	node_config_free(&c);
	/* Inline tables and dotted keys say the same. */
	tmp_text(root, "c.toml",
		 "grpc = { address = \"/g\", uid = 0 }\nttrpc.address = '/t'\nroot = "
		 "\"/a\\u0000b\"\n");
	assert_int_equal(node_config_load(fd, "c.toml", &c), 0);
	assert_string_equal(c.grpc_address, "/g");
	assert_string_equal(c.ttrpc_address, "/t");
	assert_null(c.root); /* not a path */
	node_config_free(&c);
	close(fd);
	tmp_free(root);
}

static void test_hostile_configuration(void **state)
{
	struct node_config c;
	char *root = tmp_new(), path[PATH_MAX], *big;
	size_t len = 1024 * 1024 + 1;
	int fd;

	(void)state;
	fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	big = malloc(len);
	memset(big, '#', len);
	tmp_write(root, "big.toml", big, len);
	free(big);
	assert_int_equal(node_config_load(fd, "/big.toml", &c), -EFBIG);
	snprintf(path, sizeof(path), "%s/fifo.toml", root);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(node_config_load(fd, "/fifo.toml", &c), -EINVAL);
	assert_int_equal(node_config_load(fd, "/", &c), -EINVAL);
	/* A link out of the root stays inside of it. */
	snprintf(path, sizeof(path), "%s/link.toml", root);
	assert_int_equal(symlink("/../../../../../inside.toml", path), 0);
	assert_int_equal(node_config_load(fd, "/link.toml", &c), -ENOENT);
	tmp_text(root, "inside.toml",
		 "state = '/inside'\nimports=['"
		 "/["
		 "*', '/**', '/\\']\n");
	assert_int_equal(node_config_load(fd, "/link.toml", &c), 0);
	assert_string_equal(c.state, "/inside");
	node_config_free(&c);
	close(fd);
	tmp_free(root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_not_toml),
		cmocka_unit_test(test_stop),
		cmocka_unit_test(test_real_configurations_are_read_and_kept),
		cmocka_unit_test(test_redact),
		cmocka_unit_test(test_redact_drops_what_it_cannot_read),
		cmocka_unit_test(test_imports),
		cmocka_unit_test(test_server_plugins),
		cmocka_unit_test(test_hostile_configuration),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
