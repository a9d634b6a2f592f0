#include "mail/dsn_words.h"

/* clang-format off */
/* In the order of enum dsn_action: failed, delayed, delivered, relayed, expanded. */
static const struct dsn_words languages[DSN_LANGUAGES] = {
	[DSN_ENGLISH] = {
		.tag = "en",
		.subject = {
			"Undelivered mail: your message could not be delivered",
			"Delayed mail: your message is still on its way",
			"Your message was delivered",
			"Your message was passed on",
			"Your message was passed on",
		},
		.says = {
			"Your message could not be delivered. We do not try again.",
			"Your message has not been delivered yet. We keep trying; you need not send it again.",
			"Your message was delivered.",
			"Your message was passed on to a server that does not report on its delivery.",
			"Your message was passed on to the several addresses behind this one.",
		},
		.gave_up = "It was tried again and again, and the time for it is over.",
		.system = "This is the mail system of",
		.about = "This is about the message that you sent; it came here on",
		.queue_id = "and had the queue id",
		.you_wrote = "you wrote to",
		.server = "The server",
		.server_says = "says:",
		.reason = "The reason:",
		.whole = "Your message is attached.",
		.header = "The header of your message is attached.",
		.help = "If you need help, please write to your postmaster, and add this report.",
	},
	[DSN_FRENCH] = {
		.tag = "fr",
		.subject = {
			"=?utf-8?Q?Message_non_distribu=C3=A9?=",
			"=?utf-8?Q?Message_retard=C3=A9=2C_encore_en_route?=",
			"=?utf-8?Q?Votre_message_a_=C3=A9t=C3=A9_distribu=C3=A9?=",
			"=?utf-8?Q?Votre_message_a_=C3=A9t=C3=A9_transmis?=",
			"=?utf-8?Q?Votre_message_a_=C3=A9t=C3=A9_transmis?=",
		},
		.says = {
			"Votre message n'a pas pu être distribué. Nous n'essaierons plus.",
			"Votre message n'a pas encore été distribué. Nous continuons d'essayer ; inutile de le renvoyer.",
			"Votre message a été distribué.",
			"Votre message a été transmis à un serveur qui ne rend pas compte de la distribution.",
			"Votre message a été transmis aux adresses qui se trouvent derrière celle-ci.",
		},
		.gave_up = "Plusieurs essais ont échoué, et le délai est écoulé.",
		.system = "Ceci est le système de courrier de",
		.about = "Ce rapport concerne le message que vous avez envoyé ; il est arrivé ici le",
		.queue_id = "sous le numéro",
		.you_wrote = "vous avez écrit à",
		.server = "Le serveur",
		.server_says = "répond :",
		.reason = "La raison :",
		.whole = "Votre message est joint.",
		.header = "L'en-tête de votre message est joint.",
		.help = "Pour obtenir de l'aide, écrivez à votre postmaster et joignez ce rapport.",
	},
};

/* The first that fits, whoever said it or a peer only. */
static const struct {
	str detail; /* the status behind its class, or the whole of it */
	bool of_peers;
	const char *text[DSN_LANGUAGES];
} advices[] = {
	{ STR_INIT(".1.1"), false, {
		"There is no such mailbox: please check the address for a typing error.",
		"Cette boîte aux lettres n'existe pas : vérifiez qu'il n'y a pas de faute de frappe." } },
	{ STR_INIT(".1.2"), false, {
		"There is no such domain: please check what stands behind the @.",
		"Ce domaine n'existe pas : vérifiez ce qui suit le @." } },
	{ STR_INIT(".1.3"), false, {
		"This is not an address to which mail can be sent: please check it for a typing error.",
		"Cette adresse ne peut pas recevoir de courrier : vérifiez qu'il n'y a pas de faute de frappe." } },
	{ STR_INIT(".1.10"), false, {
		"This domain accepts no mail: please reach the person in another way.",
		"Ce domaine n'accepte pas de courrier : contactez la personne autrement." } },
	{ STR_INIT("4.2.1"), false, {
		"The mailbox takes no mail at the moment.",
		"La boîte aux lettres n'accepte pas de courrier pour le moment." } },
	{ STR_INIT(".2.1"), false, {
		"The mailbox is closed: please reach the person in another way.",
		"La boîte aux lettres est fermée : contactez la personne autrement." } },
	{ STR_INIT(".2.2"), false, {
		"The mailbox is full: please reach the person in another way.",
		"La boîte aux lettres est pleine : contactez la personne autrement." } },
	{ STR_INIT(".2.3"), false, {
		"The message is too large: please send less at once, or only a link.",
		"Le message est trop gros : envoyez-en moins à la fois, ou seulement un lien." } },
	{ STR_INIT(".3.4"), false, {
		"The message is too large: please send less at once, or only a link.",
		"Le message est trop gros : envoyez-en moins à la fois, ou seulement un lien." } },
	{ STR_INIT(".4.6"), false, {
		"The message went round in a circle between mail servers: please tell your postmaster.",
		"Le message a tourné en rond entre des serveurs : prévenez votre postmaster." } },
	{ STR_INIT(".4.3"), false, {
		"The address of the other mail server could not be found out.",
		"L'adresse de l'autre serveur n'a pas pu être trouvée." } },
	{ STR_INIT(".4."), false, {
		"The other mail server could not be reached, or did not finish its work.",
		"L'autre serveur n'a pas pu être joint, ou n'a pas fini son travail." } },
	{ STR_INIT(".5."), true, {
		"The two mail servers did not understand each other: please tell your postmaster.",
		"Les deux serveurs ne se sont pas compris : prévenez votre postmaster." } },
	{ STR_INIT(".6."), false, {
		"The other server cannot take the message in this form: plain text may do.",
		"L'autre serveur ne peut pas prendre le message sous cette forme : essayez en texte simple." } },
	{ STR_INIT(".7."), true, {
		"The other server refused it by its own rules; only its postmaster can say more.",
		"L'autre serveur l'a refusé selon ses propres règles ; seul son postmaster peut en dire plus." } },
};
/* clang-format on */

const struct dsn_words *dsn_words(enum dsn_language language)
{
	return &languages[language];
}

const char *dsn_words_advice(enum dsn_language language, str status, bool ours)
{
	for (size_t i = 0; i < LENGTH(advices); i++) {
		str known = advices[i].detail;
		str detail = str_skip(status, str_starts(known, S(".")));

		if ((advices[i].of_peers && ours) || !str_starts(detail, known) ||
			(!str_ends(known, S(".")) && detail.n > known.n))
			continue;
		return advices[i].text[language];
	}
	return NULL;
}
