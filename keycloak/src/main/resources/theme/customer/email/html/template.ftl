<#-- The same as our own mails (src/platform/mail.ts). -->
<#macro emailLayout>
<!doctype html>
<html lang="${locale.language}" dir="${(ltr)?then('ltr','rtl')}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${realmName!}</title>
<style>${mailStyle()}</style>
</head>
<body><div class="card"><#nested></div></body>
</html>
</#macro>

<#function mailStyle>
<#return "body{margin:0;padding:1.5rem 1rem;background:#f6f7f9;color:#1c2430;font:1rem/1.55 system-ui,sans-serif;overflow-wrap:anywhere}.card{max-width:32rem;margin:0 auto;padding:1.25rem;background:#fff;border:1px solid #c4cbd5;border-radius:.6rem}p{margin:0 0 1rem}p:last-child{margin:0}a{display:inline-block;padding:.55rem 1.2rem;background:#0b5cad;color:#fff;border-radius:.35rem;font-weight:600;text-decoration:none}@media(prefers-color-scheme:dark){body{background:#12161c;color:#e8ecf2}.card{background:#1b212a;border-color:#465162}a{background:#7db8f5;color:#0b1420}}">
</#function>
